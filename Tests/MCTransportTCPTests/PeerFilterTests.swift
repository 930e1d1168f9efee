import CMCLinux
import Glibc
import MCTransport
import MCTransportTCP
import Testing

@Suite struct PeerFilterTests {
    private static func isAccepted(_ filter: PeerFilter) async throws -> Bool {
        var options = LinkOptions()
        options.filter = filter
        let place = Place(endpoint: "ipc://@", transport: IPCTransport())
        let listener = try place.listen(options)
        let client = try await place.connect(to: listener)
        defer { client.close() }
        do {
            _ = try listener.acceptOne()
            return true
        } catch let error as TransportError where error.code == .refusedByFilter {
            #expect(error.errno == EACCES)
            return false
        }
    }

    /// What a process has besides its own group, the kernel tells; more than fit at once, too.
    @Test func `A supplementary group counts`() async {
        await #expect(processExitsWith: .success) {
            var filter = PeerFilter()
            for count in [1, 64, 65, 1000] {
                var groups = (0..<count).map { gid_t(400_000 + $0) }
                // Only who has the right can choose groups.
                guard unsafe setgroups(count, &groups) == 0 else { return }
                for group in groups.suffix(2) {
                    filter.groupIDs = [group]
                    let isAccepted = try await PeerFilterTests.isAccepted(filter)
                    precondition(isAccepted)
                }
                filter.groupIDs = [gid_t(400_000 + count), gid_t(399_999)]
                let isAccepted = try await PeerFilterTests.isAccepted(filter)
                precondition(!isAccepted)
            }
        }
    }

    /// So does a group that the peer's user is a member of by the databases.
    @Test func `Members are known by the databases`() {
        setgrent()
        defer { endgrent() }
        while let group = unsafe getgrent() {
            guard let members = unsafe group.pointee.gr_mem else { continue }
            var index = 0
            while let name = unsafe members[index] {
                index += 1
                guard let user = unsafe getpwnam(name) else { continue }
                let uid = unsafe user.pointee.pw_uid
                let gid = unsafe group.pointee.gr_gid
                #expect(cmc_net_is_member(uid, gid) == 1)
            }
        }
        #expect(cmc_net_is_member(4_000_000_000, 0) == 0)
        #expect(cmc_net_is_member(0, 4_000_000_000) == 0)
    }

    @Test func `A descriptor that is no unix socket has no groups`() throws {
        #expect(cmc_net_peer_has_group(-1, 0) == -EBADF)
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        unsafe #expect(cmc_net_peer_credentials(-1, &process, &user, &group) == -EBADF)
    }
}
