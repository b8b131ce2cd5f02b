"""The device: sources, windows, engines, decision, sinks. numpy and onnxruntime; never torch."""
