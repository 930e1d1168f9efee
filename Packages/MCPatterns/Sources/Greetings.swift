import MCPool

/// Messages that a socket sends to each new peer (ZMQ_HELLO_MSG), and receives in the name of each that
/// had come to it and went (ZMQ_DISCONNECT_MSG). Empty for none.
package struct Greetings {
    package var hello: [UInt8] = []
    package var farewell: [UInt8] = []

    func attached(_ pipe: Pipe) {
        // Before the user can send: there is nothing to wait for in the process.
        if !hello.isEmpty, pipe.isConnectingInproc { pipe.writeFirst(hello) }
    }

    func connected(_ pipe: Pipe) {
        if !hello.isEmpty, !pipe.isConnectingInproc { pipe.writeFirst(hello) }
    }

    func disconnected(_ pipe: Pipe) {
        if !farewell.isEmpty, pipe.wasAccepted { pipe.receiveLast(farewell) }
    }
}
