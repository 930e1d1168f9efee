private import CCallCounter
private import Glibc

private final class Thing {}

/// Asks for known numbers of calls, as the library and the runtime do: whether they are counted.
func selfTest() {
    let repetitions = 1000
    var things: [Thing] = []
    var blocks: [UnsafeMutableRawPointer?] = unsafe []
    things.reserveCapacity(repetitions)
    unsafe blocks.reserveCapacity(repetitions)
    var ends: [Int32] = [0, 0]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
        fail("no pair of sockets: errno \(errno)")
    }
    var byte: UInt8 = 0
    var waited = pollfd(fd: ends[1], events: Int16(POLLIN), revents: 0)
    let before = calls_now()
    for _ in 0..<repetitions {
        things.append(Thing())
        unsafe blocks.append(malloc(100))
        _ = unsafe send(ends[0], &byte, 1, 0)
        _ = unsafe poll(&waited, 1, 1000)
        _ = unsafe recv(ends[1], &byte, 1, 0)
        _ = unsafe write(ends[1], &byte, 1)
        _ = unsafe read(ends[0], &byte, 1)
    }
    let after = calls_now()
    withExtendedLifetime(things) {}
    for index in unsafe blocks.indices { unsafe free(blocks[index]) }
    print(Meter.columns)
    print(Meter.line(from: before, to: after, messages: repetitions))
}
