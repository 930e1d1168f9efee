internal import CBench
private import Glibc
internal import MCFacade

// The ways to receive that only our sockets have.

/// Lets a thread wait for what goes on elsewhere.
@safe
private final class Ending: @unchecked Sendable {
    // Written before the post, read after the wait.
    var meter: bench_meter
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(_ meter: bench_meter) {
        self.meter = meter
        unsafe _ = sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe _ = sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func post() { unsafe _ = sem_post(semaphore) }

    func wait() {
        while unsafe sem_wait(semaphore) != 0 {}
    }
}

func receiveByCallback(_ pull: PullSocket, _ meter: bench_meter) throws -> bench_meter {
    let ending = Ending(meter)
    try pull.onMessage { message in
        if ending.meter.take(message) { ending.post() }
    }
    ending.wait()
    try pull.stopMessages()
    return ending.meter
}

func receiveInTask(
    _ receive: @escaping @Sendable @concurrent () async throws -> bench_meter
) -> bench_meter {
    let ending = Ending(bench_meter())
    Task.detached {
        do { ending.meter = try await receive() } catch { fail("task", error) }
        ending.post()
    }
    ending.wait()
    return ending.meter
}

@concurrent
func receiveAsSequence(_ pull: PullSocket, _ meter: bench_meter) async throws -> bench_meter {
    var meter = meter
    for try await message in pull.messages {
        if meter.take(message.message) { break }
    }
    return meter
}

@concurrent
func receiveAwaiting(_ pull: PullSocket, _ meter: bench_meter) async throws -> bench_meter {
    var meter = meter
    var ended = false
    while !ended {
        ended = meter.take(try await pull.receive())
    }
    return meter
}
