import CMCZmq
import Glibc
import MCTestSupport
import MCZmqABI
import Testing

/// The functions that options are set and read with: ours, or those of the distribution's libzmq, against
/// which the tables of options are held.
struct ZmqLibrary: Sendable, CustomTestStringConvertible {
    typealias Make = @convention(c) @Sendable () -> UnsafeMutableRawPointer?
    typealias End = @convention(c) @Sendable (UnsafeMutableRawPointer?) -> Int32
    typealias MakeSocket =
        @convention(c) @Sendable (UnsafeMutableRawPointer?, Int32) ->
        UnsafeMutableRawPointer?
    typealias Set =
        @convention(c) @Sendable (
            UnsafeMutableRawPointer?, Int32, UnsafeRawPointer?, Int
        ) -> Int32
    typealias Get =
        @convention(c) @Sendable (
            UnsafeMutableRawPointer?, Int32, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?
        ) -> Int32
    typealias SetContext =
        @convention(c) @Sendable (UnsafeMutableRawPointer?, Int32, Int32) -> Int32
    typealias GetContext = @convention(c) @Sendable (UnsafeMutableRawPointer?, Int32) -> Int32

    let name: String
    let isDraft: Bool
    let newContext: Make
    let endContext: End
    let newSocket: MakeSocket
    let close: End
    let set: Set
    let get: Get
    let setContext: SetContext
    let getContext: GetContext

    var isOurs: Bool { name == "ours" }
    var testDescription: String { name }

    static let ours = ZmqLibrary(
        name: "ours", isDraft: SocketTypes.isDraft, newContext: { zmq_ctx_new() },
        endContext: { zmq_ctx_term($0) }, newSocket: { zmq_socket($0, $1) },
        close: { zmq_close($0) }, set: { zmq_setsockopt($0, $1, $2, $3) },
        get: { zmq_getsockopt($0, $1, $2, $3) }, setContext: { zmq_ctx_set($0, $1, $2) },
        getContext: { zmq_ctx_get($0, $1) })

    /// Ours, and the distribution's where it is installed and no sanitizer is in its way.
    static let all = [ours] + [distribution].compactMap { $0 }

    /// libzmq 4.3.4 as Debian builds it: with CURVE, GSSAPI and multicast, without drafts.
    private static let distribution: ZmqLibrary? = {
        // Its own calls of zmq_ functions are to find its own.
        guard !isSanitized,
            let handle = dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND)
        else { return nil }
        func find<Function>(_ name: String, as type: Function.Type) -> Function? {
            // Safe because zmq.h declares the functions of these names so.
            dlsym(handle, name).map { unsafeBitCast($0, to: type) }
        }
        var version: (Int32, Int32, Int32) = (0, 0, 0)
        find(
            "zmq_version",
            as: (@convention(c) (
                UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>,
                UnsafeMutablePointer<Int32>
            ) -> Void).self)?(&version.0, &version.1, &version.2)
        guard version == (ZMQ_VERSION_MAJOR, ZMQ_VERSION_MINOR, ZMQ_VERSION_PATCH),
            let newContext = find("zmq_ctx_new", as: Make.self),
            let endContext = find("zmq_ctx_term", as: End.self),
            let newSocket = find("zmq_socket", as: MakeSocket.self),
            let close = find("zmq_close", as: End.self),
            let set = find("zmq_setsockopt", as: Set.self),
            let get = find("zmq_getsockopt", as: Get.self),
            let setContext = find("zmq_ctx_set", as: SetContext.self),
            let getContext = find("zmq_ctx_get", as: GetContext.self)
        else { return nil }
        return ZmqLibrary(
            name: "distribution", isDraft: false, newContext: newContext, endContext: endContext,
            newSocket: newSocket, close: close, set: set, get: get, setContext: setContext,
            getContext: getContext)
    }()
}

/// A socket of a library's, with calls that say what came of them.
final class ProbedSocket {
    let library: ZmqLibrary
    private let context: UnsafeMutableRawPointer
    private let socket: UnsafeMutableRawPointer

    init?(_ type: Int32, _ library: ZmqLibrary) {
        guard let context = library.newContext() else { return nil }
        guard let socket = library.newSocket(context, type) else {
            _ = library.endContext(context)
            return nil
        }
        self.library = library
        self.context = context
        self.socket = socket
    }

    deinit {
        _ = library.close(socket)
        _ = library.endContext(context)
    }

    /// - Returns: 0 or errno.
    func set(_ option: Int32, _ sample: OptionSample) -> Int32 {
        if sample == .null { return library.set(socket, option, nil, 0) == 0 ? 0 : errno }
        return set(option, sample.memory, sample.memory.count)
    }

    func set(_ option: Int32, _ memory: [UInt8], _ size: Int) -> Int32 {
        // There is memory, however little of it counts.
        (memory + [0]).withUnsafeBytes {
            library.set(socket, option, $0.baseAddress, size) == 0 ? 0 : errno
        }
    }

    /// - Returns: what is in the memory then, and how much of it the library says counts; or errno.
    func get(_ option: Int32, room: Int) -> Answer {
        var memory = [UInt8](repeating: 0xEE, count: room + 1)
        var size = room
        let result = memory.withUnsafeMutableBytes {
            library.get(socket, option, $0.baseAddress, &size)
        }
        guard result == 0 else { return .failed(errno) }
        return .value(Array(memory.prefix(room)), size: size)
    }

    enum Answer: Equatable {
        case value([UInt8], size: Int)
        case failed(Int32)
    }
}
