import CMCLinux
import Glibc
import MCTransport
import MCTransportTCP
import Testing

/// What every link does, whatever it runs over.
@Suite struct LinkTests {
    @Test(arguments: Place.all)
    func `Bytes go both ways, gathered in order`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        #expect(client.write([1, 2], [], [3, 4, 5]) == .bytes(5))
        #expect(try server.readBytes(5) == [1, 2, 3, 4, 5])
        #expect(server.write([9]) == .bytes(1))
        #expect(try client.readBytes(1) == [9])
    }

    @Test(arguments: Place.all)
    func `Nothing to read is not the end`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        #expect(client.readSome().0 == .wouldBlock)
        #expect(server.readSome().0 == .wouldBlock)
        #expect(try listener.accept() == nil)
        #expect(client.write([7]) == .bytes(1))
        _ = try server.readBytes(0)
        #expect(server.readSome(0).0 == .bytes(0))
        #expect(try server.readBytes(1) == [7])
    }

    /// A unix socket that dialled has no name.
    @Test(arguments: Place.all)
    func `Both ends know both ends`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        let (near, far) = (client.ends, server.ends)
        #expect(near.remote == listener.localEndpoint.description)
        #expect(near.local == far.remote && near.remote == far.local)
        #expect(
            place.endpoint.hasPrefix("tcp") ? near.local != near.remote : near.local == "ipc://")
        server.close()
        #expect(server.ends == LinkEnds())
        // Who has gone is still known by its name.
        #expect(client.ends.local == near.local && client.ends.remote == near.remote)
    }

    @Test(arguments: Place.all)
    func `Closing one side is the end of the other`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        #expect(client.write([1]) == .bytes(1))
        client.close()
        #expect(try server.readBytes(2) == [1])
        #expect(try server.readOutcome() == .end)
    }

    @Test(arguments: Place.all)
    func `The last reference closes`(_ place: Place) async throws {
        let listener = try place.listen()
        defer { listener.close() }
        do {
            let client = try await place.connect(to: listener)
            try client.waitConnected()
        }
        #expect(try listener.acceptOne().readOutcome() == .end)
    }

    @Test(arguments: Place.all)
    func `A half-closed link still receives`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        client.shutdownWrite()
        #expect(try server.readOutcome() == .end)
        #expect(server.write([1, 2, 3]) == .bytes(3))
        #expect(try client.readBytes(3) == [1, 2, 3])
        #expect(client.write([1]) == .failed(EPIPE))
    }

    @Test(arguments: Place.all)
    func `A shut link ends for both, and keeps its descriptor`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        client.shutdown()
        #expect(client.descriptor >= 0)
        #expect(try client.readOutcome() == .end)
        #expect(try server.readOutcome() == .end)
    }

    @Test(arguments: Place.all)
    func `Writing to a closed peer fails without a signal`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        server.close()
        var result = client.write([1])
        // TCP learns of it only by the answer to the first write.
        for _ in 0..<1000 {
            guard case .bytes = result else { break }
            usleep(1000)
            result = client.write([1])
        }
        #expect(result == .failed(EPIPE) || result == .failed(ECONNRESET))
    }

    @Test(arguments: Place.all)
    func `A full link says so, and loses nothing`(_ place: Place) async throws {
        let options = LinkOptions(sendBufferBytes: 8192, receiveBufferBytes: 8192)
        let (listener, client, server) = try await place.connection(options)
        defer { listener.close() }
        let chunk = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
        var sent: [UInt8] = []
        writing: for _ in 0..<10_000 {
            switch client.write(chunk) {
            case .bytes(let count): sent += chunk[..<count]
            case .wouldBlock: break writing
            case let other:
                Issue.record("\(other)")
                break writing
            }
        }
        #expect(client.write(chunk) == .wouldBlock)
        #expect(try server.readBytes(sent.count) == sent)
        try #require(cmc_poll_one(client.descriptor, CMC_POLL_OUT, 5_000_000_000) == 1)
        #expect(client.write([1]) == .bytes(1))
    }

    @Test(arguments: Place.all)
    func `More vectors than the kernel takes are written in part`(_ place: Place) async throws {
        let (listener, client, server) = try await place.connection()
        defer { listener.close() }
        var vectors: [iovec] = unsafe []
        var byte: UInt8 = 5
        let result = unsafe withUnsafeMutableBytes(of: &byte) { one in
            unsafe vectors = unsafe Array(
                repeating: iovec(iov_base: one.baseAddress, iov_len: 1), count: 2000)
            return unsafe vectors.withUnsafeBufferPointer { buffer in
                unsafe buffer.baseAddress.map { unsafe client.write($0, count: buffer.count) }
            }
        }
        #expect(result == .bytes(1024))
        #expect(try server.readBytes(1024) == Array(repeating: 5, count: 1024))
    }

    @Test(arguments: Place.all)
    func `A closed link and listener stay closed`(_ place: Place) async throws {
        let (listener, client, _) = try await place.connection()
        client.close()
        client.close()
        #expect(client.descriptor == -1)
        #expect(client.readSome().0 == .failed(EBADF))
        #expect(client.write([1]) == .failed(EBADF))
        client.shutdown()
        client.shutdownWrite()
        #expect(throws: TransportError.self) { try client.finishConnect() }
        listener.close()
        listener.close()
        #expect(listener.descriptor == -1)
        await expect(.closed, naming: "\(listener.localEndpoint)", errno: EBADF) {
            _ = try listener.accept()
        }
    }

    @Test func `Closing twice leaves a descriptor's next owner alone`() async {
        // In a process of its own: numbers are used again at once, by other tests as well.
        await #expect(processExitsWith: .success) {
            let (listener, client, server) = try await Place.all[0].connection()
            let number = client.descriptor
            client.close()
            precondition(dup2(2, number) == number, "the number is used again")
            client.close()
            precondition(fcntl(number, F_GETFD) >= 0, "the second close hit a stranger")
            server.close()
            listener.close()
        }
    }

    @Test func `Descriptors do not outlive an exec, and do not block`() async throws {
        for place in Place.all {
            let (listener, client, server) = try await place.connection()
            defer { listener.close() }
            for number in [listener.descriptor, client.descriptor, server.descriptor] {
                #expect(fcntl(number, F_GETFD) & FD_CLOEXEC != 0)
                #expect(fcntl(number, F_GETFL) & O_NONBLOCK != 0)
            }
        }
    }

    @Test func `No descriptor left is an error to back off from`() async {
        await #expect(processExitsWith: .success) {
            for place in Place.all.prefix(2) {
                let listener = try place.listen()
                let client = try await place.connect(to: listener)
                var limit = rlimit()
                unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                var filler: [Int32] = []
                limit.rlim_cur = 256
                unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                while case let number = dup(2), number >= 0 { filler.append(number) }
                do {
                    _ = try listener.accept()
                    preconditionFailure("accepted beyond the limit")
                } catch let error as TransportError {
                    precondition(error.code == .tooManyDescriptors)
                }
                do {
                    _ = try await place.connect(to: listener)
                    preconditionFailure("connected beyond the limit")
                } catch let error as TransportError {
                    precondition(error.code == .tooManyDescriptors)
                }
                for number in filler { close(number) }
                // The connection waited.
                try client.waitConnected()
                _ = try listener.acceptOne()
            }
        }
    }
}
