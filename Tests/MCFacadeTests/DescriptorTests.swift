import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// Listening with a socket that somebody else has made.
    @Suite struct Descriptors {
        /// A socket, blocking and inherited by processes, as a service manager hands it over.
        private func socket(_ family: Int32, _ type: __socket_type = SOCK_STREAM) throws -> Int32 {
            let descriptor = Glibc.socket(family, Int32(type.rawValue), 0)
            try #require(descriptor >= 0)
            return descriptor
        }

        private func bound(
            port: UInt16 = 0, _ type: __socket_type = SOCK_STREAM
        ) throws -> Int32 {
            let descriptor = try socket(AF_INET, type)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            try bind(descriptor, &address)
            return descriptor
        }

        private func bound(path: String, isAbstract: Bool = false) throws -> Int32 {
            let descriptor = try socket(AF_UNIX)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let name = (isAbstract ? [0] : []) + [UInt8](path.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            try bind(descriptor, &address, size: 2 + name.count + (isAbstract ? 0 : 1))
            return descriptor
        }

        private func bind<Address>(
            _ descriptor: Int32, _ address: inout Address, size: Int = MemoryLayout<Address>.size
        ) throws {
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.bind(descriptor, $0, socklen_t(size))
                }
            }
            try #require(result == 0)
        }

        /// The descriptor is at work, and gone with the socket.
        private func bounce(_ descriptor: Int32, _ text: String, _ expected: String?) throws {
            try withContext { context in
                let rep = try RepSocket(context: context, options: .test)
                let endpoint = try rep.bind(text, descriptor: descriptor)
                #expect(rep.lastEndpoint == endpoint)
                if let expected { #expect(endpoint == expected) }
                #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
                #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
                let req = try ReqSocket(context: context, options: .test)
                try req.connect(endpoint)
                for index in 0..<3 {
                    try req.send("\(index)")
                    #expect(try rep.text() == "\(index)")
                    try rep.send("yes")
                    #expect(try req.text() == "yes")
                }
                // A descriptor has one owner.
                #expect(code { try rep.bind(text, descriptor: descriptor) } == .addressInUse)
                try rep.unbind(endpoint)
                #expect(throws: (any Error).self) { try RawPeer.connect(to: endpoint) }
            }
        }

        @Test(arguments: [false, true])
        func tcp(listens: Bool) throws {
            let descriptor = try bound()
            if listens { #expect(listen(descriptor, 5) == 0) }
            // The address in the text does not matter.
            try bounce(descriptor, "tcp://192.0.2.1:5555", nil)
        }

        @Test(arguments: [false, true])
        func ipc(listens: Bool) throws {
            let path = "/tmp/\(uniqueName())"
            let descriptor = try bound(path: path)
            if listens { #expect(listen(descriptor, 5) == 0) }
            try bounce(descriptor, "ipc://\(path)", "ipc://\(path)")
            // The file is its maker's.
            #expect(unlink(path) == 0)
        }

        @Test func abstract() throws {
            let name = uniqueName()
            try bounce(try bound(path: name, isAbstract: true), "ipc://x", "ipc://@\(name)")
        }

        /// Who handed it over keeps it then, as it was.
        @Test func whatDoesNotSuit() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let monitor = pull.monitor()
                var ends: [Int32] = [-1, -1]
                #expect(pipe(&ends) == 0)
                let unbound = try socket(AF_INET)
                let nameless = try socket(AF_UNIX)
                let datagrams = try bound(SOCK_DGRAM)
                let good = try bound()
                let all = ends + [unbound, nameless, datagrams, good]
                defer { for descriptor in all { close(descriptor) } }
                for (descriptor, text, expected) in [
                    (-1, "tcp://*:*", EBADF), (ends[0], "tcp://*:*", ENOTSOCK),
                    (unbound, "tcp://*:*", EINVAL), (nameless, "ipc://x", EINVAL),
                    (datagrams, "tcp://*:*", ESOCKTNOSUPPORT), (good, "ipc://x", EAFNOSUPPORT),
                    (good, "inproc://x", EPROTONOSUPPORT), (good, "nonsense", EINVAL),
                ] as [(Int32, String, Int32)] {
                    do throws(SocketError) {
                        try pull.bind(text, descriptor: descriptor)
                        Issue.record("\(text) takes \(descriptor)")
                    } catch {
                        #expect(error.number == expected, "\(error)")
                    }
                }
                for descriptor in all {
                    #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK == 0)
                    #expect(fcntl(descriptor, F_GETFD) == 0)
                }
                let failed = try #require(monitor.tryNext())
                #expect(failed.kind == .bindFailed && failed.value == Int(EBADF))
                #expect(pull.lastEndpoint == "")
            }
        }
    }
}
