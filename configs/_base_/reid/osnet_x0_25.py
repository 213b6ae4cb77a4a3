# OSNet x0.25 exported to ONNX. Weights: --reid-weights osnet_x0_25.onnx
osnet_x0_25 = dict(type='ONNXReID', model=None, input_size=(256, 128))
