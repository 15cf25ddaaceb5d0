"""A folder that runs a model in a browser: the page, the model, onnxruntime-web and the tokenizer as rules."""
