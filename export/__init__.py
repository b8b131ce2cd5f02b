"""From a trained network to a file for one target: ONNX, TensorRT, torch-TensorRT, each with its
proof of parity.

to_onnx -> (fp16 | int8) -> parity gate -> the file. Precision lives in the graph, never in builder
flags.
"""
