"""A brain in the formats of other programs, both ways: ONNX, safetensors, a web page."""
