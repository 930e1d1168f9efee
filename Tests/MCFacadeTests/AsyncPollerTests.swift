import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// Many sockets and descriptors at once, in tasks: nobody's thread waits.
    @Suite struct AsyncPollers {
        @Test(arguments: Way.allCases)
        func socketsAndDescriptors(way: Way) async throws {
            try await withContext { context in
                let (push, pull) = try pipeline(context, way)
                let (other, quiet) = try pipeline(context, way)
                let (readEnd, writeEnd) = try descriptors()
                defer { for end in [readEnd, writeEnd] { close(end) } }
                let poller = Poller()
                poller.add(pull, for: .canReceive)
                poller.add(quiet, for: .canReceive)
                poller.add(descriptor: readEnd, for: .canReceive)
                #expect(try await poller.wait(timeoutMilliseconds: 0).isEmpty)
                let start = ContinuousClock.now
                #expect(try await poller.wait(timeoutMilliseconds: 50).isEmpty)
                let time = ContinuousClock.now - start
                #expect((.milliseconds(50)...(.milliseconds(1000))).contains(time))

                try await push.send("1")
                for _ in 0..<2 {
                    // As long as it is not received.
                    let ready = try await poller.wait(timeoutMilliseconds: patience)
                    #expect(ready.count == 1 && ready.first?.socket === pull)
                    #expect(ready.first?.events == .canReceive)
                }
                #expect(try await pull.asyncText() == "1")
                #expect(try await poller.wait(timeoutMilliseconds: 20).isEmpty)

                #expect(write(writeEnd, "x", 1) == 1)
                let first = try await poller.wait(timeoutMilliseconds: patience)
                #expect(first.count == 1 && first.first?.descriptor == readEnd)
                #expect(first.first?.hasError == false)
                try await other.send("2")
                poller.remove(descriptor: readEnd)
                #expect(
                    try await poller.wait(timeoutMilliseconds: patience).first?.socket === quiet)
            }
        }

        /// No wake-up is lost, whether the message comes before, while or after the task is suspended.
        @Test(arguments: Way.allCases)
        func aSuspendedTaskIsWoken(way: Way) async throws {
            try await withContext { context in
                let (push, pull) = try pipeline(context, way)
                let (back, answers) = try pipeline(context, way)
                let rounds = 500
                let waiting = Task {
                    let poller = Poller()
                    poller.add(pull, for: .canReceive)
                    for round in 0..<rounds {
                        let ready = try await poller.wait(timeoutMilliseconds: patience)
                        #expect(ready.first?.socket === pull)
                        let text = try pull.tryReceive()?.string()
                        #expect(text == "\(round)")
                        try await back.send("\(round)")
                    }
                }
                let asking = Worker {
                    for round in 0..<rounds {
                        if round % 4 == 0 { usleep(UInt32(round % 50)) }
                        try push.send("\(round)")
                        #expect(try answers.text() == "\(round)")
                    }
                }
                try await waiting.value
                try asking.join()
            }
        }

        @Test func roomToSend() async throws {
            try await withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 1
                    $0.receiveHighWaterMark = 1
                }
                let (push, pull) = try pipeline(context, .inproc, options: options)
                let poller = Poller()
                poller.add(push, for: [.canSend, .canReceive])
                #expect(try await poller.wait().first?.events == .canSend)
                while code({ try push.send("x", .dontWait) }) == nil {}
                #expect(try await poller.wait(timeoutMilliseconds: 20).isEmpty)
                let waiting = Task { try await poller.wait(timeoutMilliseconds: patience).count }
                try await Task.sleep(for: .milliseconds(10))
                _ = try pull.tryReceive()
                _ = try pull.tryReceive()
                #expect(try await waiting.value == 1)
            }
        }

        /// More tasks wait than there are threads, for different times; each ends in its own.
        @Test func manyTasksWait() async throws {
            try await withContext { context in
                let (push, pull) = try pipeline(context, .tcp)
                let start = ContinuousClock.now
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for index in 0..<40 {
                        group.addTask {
                            let poller = Poller()
                            poller.add(pull, for: .canReceive)
                            // Sooner and later ones in turn.
                            let time = index % 4 == 3 ? patience : 20 + 37 * (index % 3)
                            return try await poller.wait(timeoutMilliseconds: time).count
                        }
                    }
                    var counts: [Int] = []
                    for _ in 0..<30 { counts.append(try await group.next() ?? -1) }
                    #expect(counts.allSatisfy { $0 == 0 })
                    #expect(ContinuousClock.now - start >= .milliseconds(94))
                    try await push.send("for all that are left")
                    for try await count in group { #expect(count == 1) }
                }
                #expect(ContinuousClock.now - start < .milliseconds(patience))
            }
        }

        @Test func descriptorsAlone() async throws {
            let (readEnd, writeEnd) = try descriptors()
            defer { close(readEnd) }
            let poller = Poller()
            #expect(try await poller.wait(timeoutMilliseconds: 10).isEmpty)
            poller.add(descriptor: readEnd, for: .canReceive)
            #expect(try await poller.wait(timeoutMilliseconds: 10).isEmpty)
            // Two tasks wait for one descriptor.
            let waiting = (0..<2).map { _ in Task { try await poller.wait() } }
            try await Task.sleep(for: .milliseconds(20))
            #expect(write(writeEnd, "x", 1) == 1)
            for task in waiting { #expect(try await task.value.first?.events == .canReceive) }
            var byte: UInt8 = 0
            #expect(read(readEnd, &byte, 1) == 1)
            let last = Task { try await poller.wait() }
            try await Task.sleep(for: .milliseconds(20))
            close(writeEnd)
            #expect(try await last.value.first?.hasError == true)
            poller.add(descriptor: 9999, for: .canReceive)
            #expect(await asyncCode { _ = try await poller.wait() } == .invalidState)
        }

        @Test func cancellation() async throws {
            try await withContext { context in
                let (push, pull) = try pipeline(context, .tcp)
                let poller = Poller()
                poller.add(pull, for: .canReceive)
                for round in 0..<50 {
                    let waiting = Task { try await poller.wait() }
                    if round % 2 == 0 { try await Task.sleep(for: .microseconds(100 * round)) }
                    waiting.cancel()
                    #expect(await asyncCode { _ = try await waiting.value } == .cancelled)
                }
                try await push.send("still there")
                #expect(try await poller.wait().count == 1)
                // What is ready is told to a cancelled task, too.
                let late = Task {
                    while !Task.isCancelled { await Task.yield() }
                    return try await poller.wait().count
                }
                late.cancel()
                #expect(try await late.value == 1)
            }
        }

        @Test func ends() async throws {
            let context = Context()
            let (_, pull) = try pipeline(context, .tcp)
            let (_, other) = try pipeline(context, .inproc)
            let poller = Poller()
            poller.add(pull, for: .canReceive)
            let waiting = Task { await asyncCode { _ = try await poller.wait() } }
            try await Task.sleep(for: .milliseconds(20))
            pull.close()
            #expect(await waiting.value == .closed)
            poller.remove(pull)
            poller.add(other, for: .canReceive)
            let last = Task { await asyncCode { _ = try await poller.wait() } }
            try await Task.sleep(for: .milliseconds(20))
            context.close()
            #expect(await last.value == .terminated)
        }

        @Test func events() async throws {
            try await withContext { context in
                let lanes = try (0..<3).map { _ in try pipeline(context, .tcp) }
                let poller = Poller()
                for lane in lanes { poller.add(lane.pull, for: .canReceive) }
                let reading = Task {
                    var texts: [String] = []
                    for try await ready in poller.events {
                        guard let pull = ready.socket as? PullSocket,
                            let text = try pull.tryReceive()?.string()
                        else { continue }
                        if text == "end" { poller.remove(pull) } else { texts.append(text) }
                    }
                    return texts
                }
                for round in 0..<30 { try await lanes[round % 3].push.send("\(round)") }
                for lane in lanes { try await lane.push.send("end") }
                // Nothing is watched any more.
                #expect(try await reading.value.sorted() == (0..<30).map { "\($0)" }.sorted())

                poller.add(lanes[0].pull, for: .canReceive)
                let idle = Task {
                    for try await _ in poller.events { return false }
                    return true
                }
                try await Task.sleep(for: .milliseconds(10))
                idle.cancel()
                #expect(try await idle.value)
            }
        }

        private func descriptors() throws -> (readEnd: Int32, writeEnd: Int32) {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            return (ends[0], ends[1])
        }
    }
}
