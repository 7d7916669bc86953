"""Export as ONNX, safetensors, web pages and TensorBoard events; import from safetensors."""
