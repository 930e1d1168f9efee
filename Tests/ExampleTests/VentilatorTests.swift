import MCFacade
import Synchronization
import Testing

extension Examples {
    @Suite struct Ventilators {
        @Test(arguments: ["tcp", "ipc"])
        func everyTaskIsDoneOnce(scheme: String) async throws {
            try await withContext { context in
                let results = try PullSocket(context: context, options: .example)
                let tasks = try PushSocket(context: context, options: .example)
                let begin = try PushSocket(context: context, options: .example)
                let target = try results.bind(freshEndpoint(scheme))
                try begin.connect(target)
                var ventilator = Ventilator(tasks: tasks, sink: begin)
                let source = try tasks.bind(freshEndpoint(scheme))
                let shares = (0..<4).map { _ in Share() }
                let workers = shares.map { share in
                    Task {
                        let pull = try PullSocket(context: context, options: .example)
                        let push = try PushSocket(context: context, options: .example)
                        try pull.connect(source)
                        try push.connect(target)
                        try await VentilatorWorker(tasks: pull, results: push).run { task in
                            share.count.add(1, ordering: .relaxed)
                            return task.reversed()
                        }
                    }
                }
                await ventilator.waitForWorkers(4)
                let sink = Sink(results: results)
                for batch in [400, 1, 0, 1000] {
                    let all = (0..<batch).map { bytes("task \($0)") }
                    async let collected = sink.collect()
                    try await ventilator.send(all)
                    #expect(try await collected == all.map { $0.reversed() })
                }
                // Nobody got all: they were dealt out in turn.
                let counts = shares.map { $0.count.load(ordering: .relaxed) }
                #expect(counts.reduce(0, +) == 1401)
                #expect(counts.allSatisfy { $0 > 300 })
                for worker in workers { worker.cancel() }
            }
        }

        private final class Share: Sendable {
            let count = Atomic(0)
        }
    }
}
