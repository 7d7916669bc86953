"""Export of brains as ONNX, safetensors and web pages, and import from safetensors."""
