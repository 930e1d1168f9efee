import Glibc
import MCTransport
import MCTransportTCP
import Testing

@Suite struct IPCTests {
    let ipc = IPCTransport()

    func listen(_ text: String) throws -> any StreamListener {
        try ipc.listen(on: Endpoint(text), options: LinkOptions())
    }

    func connect(_ text: String) async throws -> any StreamLink {
        let address = try #require(try await ipc.resolved(text).first)
        return try ipc.connect(to: address, options: LinkOptions())
    }

    @Test func `The file lives as long as the listener`() async throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let path = "\(directory.path)/s"
        let listener = try listen("ipc://\(path)")
        #expect(listener.localEndpoint.description == "ipc://\(path)")
        #expect(fileExists(path))
        let client = try await connect("ipc://\(path)")
        try client.waitConnected()
        #expect(client.peer == "ipc://\(path)")
        #expect(try listener.acceptOne().peer == "ipc://\(path)")
        listener.close()
        #expect(!fileExists(path))
        await expect(.notFound, naming: path, errno: ENOENT) {
            _ = try await connect("ipc://\(path)")
        }
        let again = try listen("ipc://\(path)")
        #expect(fileExists(path))
        again.close()
    }

    @Test func `The last reference removes the file`() throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        do {
            let listener = try listen("ipc://\(directory.path)/s")
            #expect(fileExists("\(directory.path)/s"))
            _ = listener
        }
        #expect(!fileExists("\(directory.path)/s"))
    }

    @Test func `A listener that answers is not pushed aside`() async throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let text = "ipc://\(directory.path)/s"
        let listener = try listen(text)
        defer { listener.close() }
        await expect(.addressInUse, naming: text, errno: EADDRINUSE) { _ = try listen(text) }
        // The question whether it is alive was a connection, which has ended.
        #expect(try listener.acceptOne().readOutcome() == .end)
        let client = try await connect(text)
        try client.waitConnected()
    }

    @Test func `A listener that is too busy to answer is not pushed aside`() async throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let text = "ipc://\(directory.path)/s"
        let busy = try ipc.listen(on: Endpoint(text), options: LinkOptions(backlog: 0))
        defer { busy.close() }
        let waiting = try await connect(text)
        await expect(.addressInUse, naming: text, errno: EADDRINUSE) { _ = try listen(text) }
        _ = try busy.acceptOne()
        try waiting.waitConnected()
        try await connect(text).waitConnected()
    }

    @Test func `The file of a dead listener is replaced`() async throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let path = "\(directory.path)/s"
        // A listener that could not clean up: its file was elsewhere while it closed.
        let dead = try listen("ipc://\(path)")
        unsafe #expect(rename(path, "\(directory.path)/t") == 0)
        dead.close()
        unsafe #expect(rename("\(directory.path)/t", path) == 0)
        try await ipc.waitUntilSilent(dead.localEndpoint)
        await expect(.connectionRefused, naming: path, errno: ECONNREFUSED) {
            _ = try await connect("ipc://\(path)")
        }
        let listener = try listen("ipc://\(path)")
        let client = try await connect("ipc://\(path)")
        try client.waitConnected()
        listener.close()
        #expect(!fileExists(path))
    }

    @Test func `A successor's file is left alone`() async throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let path = "\(directory.path)/s"
        let first = try listen("ipc://\(path)")
        unsafe #expect(unlink(path) == 0)
        let second = try listen("ipc://\(path)")
        first.close()
        #expect(fileExists(path))
        let client = try await connect("ipc://\(path)")
        try client.waitConnected()
        second.close()
        #expect(!fileExists(path))
    }

    @Test func `A file that is no socket is never removed`() async throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let path = "\(directory.path)/file"
        unsafe close(creat(path, 0o600))
        await expect(.addressInUse, naming: path) { _ = try listen("ipc://\(path)") }
        #expect(fileExists(path))
        await expect(.addressInUse, naming: directory.path) {
            _ = try listen("ipc://\(directory.path)")
        }
        #expect(fileExists(directory.path))
    }

    @Test func `A generated path is private, and goes with its directory`() async throws {
        let listener = try listen("ipc://*")
        let path = listener.localEndpoint.address
        let directory = try #require(path.lastIndex(of: "/").map { String(path[..<$0]) })
        var status = stat()
        unsafe #expect(stat(directory, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        let other = try listen("ipc://*")
        #expect(other.localEndpoint != listener.localEndpoint)
        other.close()
        let client = try await connect("ipc://\(path)")
        try client.waitConnected()
        listener.close()
        #expect(!fileExists(path))
        #expect(!fileExists(directory))
    }

    @Test func `A generated path heeds TMPDIR, where that can be used`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TestDirectory()
            defer { directory.remove() }
            for (value, parent) in [
                (directory.path, directory.path), ("/no/such/directory", "/tmp"),
                ("/tmp/" + String(repeating: "x", count: 100), "/tmp"), ("", "/tmp"),
            ] {
                unsafe setenv("TMPDIR", value, 1)
                let listener = try IPCTransport().listen(
                    on: Endpoint("ipc://*"), options: LinkOptions())
                precondition(listener.localEndpoint.address.hasPrefix(parent + "/mcomm-"))
                listener.close()
            }
            // The others come after it, in this order.
            for (variables, parent) in [
                (["TEMPDIR": directory.path], directory.path),
                (["TMP": directory.path], directory.path),
                (["TEMPDIR": directory.path, "TMP": "/tmp"], directory.path),
                (["TMPDIR": "/no/such/directory", "TMP": directory.path], directory.path),
            ] {
                for name in ["TMPDIR", "TEMPDIR", "TMP"] { unsafe unsetenv(name) }
                for (name, value) in variables { unsafe setenv(name, value, 1) }
                let listener = try IPCTransport().listen(
                    on: Endpoint("ipc://*"), options: LinkOptions())
                precondition(listener.localEndpoint.address.hasPrefix(parent + "/mcomm-"))
                listener.close()
            }
        }
    }

    @Test func `A relative path is removed from another working directory, too`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TestDirectory()
            defer { directory.remove() }
            precondition(unsafe chdir(directory.path) == 0)
            let listener = try IPCTransport().listen(
                on: Endpoint("ipc://s"), options: LinkOptions())
            precondition(listener.localEndpoint.description == "ipc://s")
            precondition(fileExists("\(directory.path)/s"))
            precondition(unsafe chdir("/") == 0)
            listener.close()
            precondition(!fileExists("\(directory.path)/s"))
        }
    }

    @Test func `An abstract name leaves no file, and can be had again`() async throws {
        let text = "ipc://@\(uniqueName())"
        let listener = try listen(text)
        #expect(listener.localEndpoint.description == text)
        await expect(.addressInUse, naming: text, errno: EADDRINUSE) { _ = try listen(text) }
        let client = try await connect(text)
        try client.waitConnected()
        listener.close()
        try await ipc.waitUntilSilent(listener.localEndpoint)
        await expect(.connectionRefused, naming: text, errno: ECONNREFUSED) {
            _ = try await connect(text)
        }
        try listen(text).close()
    }

    @Test func `A missing directory is named`() async {
        let text = "ipc:///no/such/directory/s"
        await expect(.notFound, naming: text, errno: ENOENT) { _ = try listen(text) }
        await expect(.notFound, naming: text, errno: ENOENT) { _ = try await connect(text) }
        await expect(.notFound, naming: "/dev/null/s", errno: ENOTDIR) {
            _ = try listen("ipc:///dev/null/s")
        }
    }

    @Test func `A directory without permission is named`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TestDirectory()
            defer { directory.remove() }
            precondition(unsafe chmod(directory.path, 0o500) == 0)
            guard becomeNobody() else { return }
            do {
                let endpoint = try Endpoint("ipc://\(directory.path)/s")
                _ = try IPCTransport().listen(on: endpoint, options: LinkOptions())
                preconditionFailure("listened without permission")
            } catch let error as TransportError {
                precondition(error.code == .permissionDenied && error.errno == EACCES)
            }
            seteuid(0)
        }
    }

    @Test func `The longest path is known`() async throws {
        let directory = try TestDirectory()
        defer { directory.remove() }
        let room = IPCTransport.maximumPathBytes - directory.path.utf8.count - 1
        let longest = "\(directory.path)/\(String(repeating: "x", count: room))"
        let listener = try listen("ipc://\(longest)")
        try await connect("ipc://\(longest)").waitConnected()
        listener.close()
        #expect(!fileExists(longest))
        for text in ["ipc://\(longest)x", "ipc://@\(longest)"] {
            await expect(.invalidEndpoint, naming: text, errno: ENAMETOOLONG) {
                _ = try listen(text)
            }
            await expect(.invalidEndpoint, naming: text, errno: ENAMETOOLONG) {
                _ = try await connect(text)
            }
        }
    }

    @Test func `A path to be made up cannot be connected to`() async {
        await expect(.invalidEndpoint, naming: "ipc://*") { _ = try await connect("ipc://*") }
    }
}
