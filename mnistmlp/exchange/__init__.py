"""Export as ONNX, safetensors, web pages and TensorBoard's events; import from safetensors."""
