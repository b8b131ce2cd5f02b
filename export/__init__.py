"""Export a trained network to ONNX, TensorRT or torch-TensorRT, with its parity checked.

to_onnx -> (fp16 | int8) -> parity gate -> file. Precision is in the graph, not in builder flags.
"""
