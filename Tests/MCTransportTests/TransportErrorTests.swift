import Glibc
import MCTransport
import Testing

@Suite struct TransportErrorTests {
    @Test(arguments: [
        (EADDRINUSE, TransportError.Code.addressInUse),
        (EADDRNOTAVAIL, .addressNotAvailable),
        (ECONNREFUSED, .connectionRefused),
        (ECONNRESET, .connectionReset),
        (ENETUNREACH, .unreachable),
        (EHOSTUNREACH, .unreachable),
        (ETIMEDOUT, .timedOut),
        (EACCES, .permissionDenied),
        (EMFILE, .tooManyDescriptors),
        (ENFILE, .tooManyDescriptors),
        (ENOBUFS, .outOfMemory),
        (ENOENT, .notFound),
        (EAFNOSUPPORT, .unsupportedTransport),
        (EBADF, .closed),
        (EDOM, .systemError),
    ])
    func `An error number has a code`(_ errno: Int32, _ code: TransportError.Code) {
        #expect(TransportError.Code(errno: errno) == code)
    }

    @Test func `A system error names the endpoint and the cause`() {
        let error = TransportError.system(ECONNREFUSED, cannot: "connect to", "tcp://127.0.0.1:1")
        #expect(error.message == "cannot connect to tcp://127.0.0.1:1: Connection refused")
        #expect(error.endpoint == "tcp://127.0.0.1:1")
        #expect(error.errno == ECONNREFUSED)
        #expect(error.description == "connectionRefused: \(error.message)")
    }

    @Test func `Codes are told apart by their names`() {
        #expect(TransportError.Code.closed != .notFound)
        #expect(TransportError.Code.closed.description == "closed")
    }

    @Test func `An unknown error number has a text`() {
        #expect(!TransportError.text(ofErrno: 99999).isEmpty)
        #expect(!TransportError.text(ofErrno: -1).isEmpty)
    }
}
