import CMCLinux
import Glibc
import MCTransport

/// The file of a listening ipc socket: made by bind, removed when the listener closes.
///
/// Safe because the shim's functions borrow paths until they return, and write within the capacity
/// given.
struct SocketPath: Sendable {
    /// Which file it is, so that a successor's is never removed.
    struct Identity: Sendable, Hashable {
        let device: UInt64
        let inode: UInt64
    }

    /// What stands at a path; links are not followed.
    enum Occupant {
        case nothing
        case socket(Identity)
        case other
    }

    let path: String
    private let identity: Identity
    /// The private directory of a generated path, removed with it.
    private let directory: String?

    /// Notes the file that a socket was just bound to. `path` is made absolute: the working
    /// directory may be another one when the listener closes.
    init?(bound path: String, directory: String?) {
        guard case .socket(let identity) = Self.occupant(of: path) else { return nil }
        self.path = Self.absolute(path)
        self.identity = identity
        self.directory = directory
    }

    /// Removes the file, unless another one has taken its place.
    func removeIfOwn() {
        guard case .socket(identity) = Self.occupant(of: path) else { return }
        _ = unsafe cmc_net_unlink(path)
        if let directory { _ = unsafe cmc_net_remove_directory(directory) }
    }

    static func occupant(of path: String) -> Occupant {
        var device: UInt64 = 0
        var inode: UInt64 = 0
        switch unsafe cmc_net_file(path, &device, &inode) {
        case CMC_NET_FILE_SOCKET: return .socket(Identity(device: device, inode: inode))
        case CMC_NET_FILE_OTHER: return .other
        default: return .nothing
        }
    }

    private static func absolute(_ path: String) -> String {
        if path.utf8.first == UInt8(ascii: "/") { return path }
        var text = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe cmc_net_working_directory(&text, text.count)
        guard length > 0 else { return path }
        let bytes = text[..<Int(length)].map(UInt8.init(bitPattern:))
        return String(decoding: bytes, as: UTF8.self) + "/" + path
    }
}

extension SocketPath {
    /// Removes the file of a listener that is dead: nobody answers at it (libzmq removes whatever
    /// is there). Between two processes that start at the same moment on the same stale path, the
    /// later one wins.
    /// - Returns: whether the path is free now.
    static func removeStale(_ path: String, _ address: SocketAddress) -> Bool {
        switch occupant(of: path) {
        case .nothing: return true
        case .other: return false
        case .socket(let identity):
            guard isStale(address), case .socket(identity) = occupant(of: path) else {
                return false
            }
            return unsafe cmc_net_unlink(path) == 0
        }
    }

    private static func isStale(_ address: SocketAddress) -> Bool {
        do throws(Errno) {
            let probe = try StreamSocket(.unix, LinkOptions())
            try probe.connect(address)
            return false
        } catch {
            // Everything else (a full backlog, another socket type, no permission) is somebody's.
            return error.number == ECONNREFUSED
        }
    }

    /// Makes a fresh directory that only this user can enter, for `ipc://*`: under TMPDIR, TEMPDIR or
    /// TMP, as in libzmq, or /tmp where those are unset, unusable, or too long for a socket's path.
    static func makeDirectory() throws(Errno) -> String {
        var lastError = Errno(number: ENOENT)
        let parents = ["TMPDIR", "TEMPDIR", "TMP"].compactMap { directory(of: $0) } + ["/tmp"]
        for parent in parents {
            let template = parent + "/mcomm-XXXXXX"
            // sun_path has 108 bytes with the end mark (unix(7)).
            guard template.utf8.count + "/socket".utf8.count < 108 else {
                lastError = Errno(number: ENAMETOOLONG)
                continue
            }
            var bytes = template.utf8.map { CChar(bitPattern: $0) } + [0]
            let n = unsafe cmc_net_make_directory(&bytes)
            if n == 0 {
                let text = bytes.dropLast().map(UInt8.init(bitPattern:))
                return String(decoding: text, as: UTF8.self)
            }
            lastError = Errno(number: -n)
        }
        throw lastError
    }

    private static func directory(of variable: String) -> String? {
        guard let text = unsafe getenv(variable) else { return nil }
        let path = unsafe String(cString: text)
        return path.isEmpty ? nil : path
    }
}
