import ArgumentParser

struct Tensors: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tensors",
        abstract: "Move .npy and .safetensors files under any pattern.",
        discussion: """
            A tensor is a message of a name, a header and the payload; element type, shape (up to \
            four dimensions), byte order and layout arrive as they were, bfloat16 and the 8-bit \
            floats included. The receiver checks every payload against its header and checksum.

            WHO RECEIVES FROM WHOM
              push -> pull    pub -> sub    pair -> pair    req -> rep    rep -> req
              dealer -> dealer or router    router -> dealer --ask

            EXAMPLES
              mcomm tensors receive --bind tcp://*:5557 --out arrays --count 3
              mcomm tensors send --connect tcp://host:5557 weights.safetensors a.npy
              mcomm tensors send --pattern pub --bind tcp://*:5557 --delay 500 --split digits.npy
              mcomm tensors receive --pattern sub --connect tcp://host:5557 --timeout 2000
            """,
        subcommands: [TensorsSend.self, TensorsReceive.self])
}
