import Foundation
import MCTransport
import MCTransportInproc
import Synchronization
import Testing

private final class Acceptor: InprocAcceptor {}
private final class Connector: InprocConnector {}

@Suite(.timeLimit(.minutes(3)))
struct InprocRegistryTests {
    @Test func connectAfterBind() throws {
        let registry = InprocRegistry()
        let acceptor = Acceptor()
        #expect(try registry.bind("a", acceptor: acceptor).isEmpty)
        let found = registry.connect("a", connector: Connector())
        #expect(found === acceptor)
        #expect(registry.connect("b", connector: Connector()) == nil)
    }

    @Test func connectorsWaitInOrder() throws {
        let registry = InprocRegistry()
        let connectors = (0..<5).map { _ in Connector() }
        for connector in connectors {
            #expect(registry.connect("late", connector: connector) == nil)
        }
        _ = registry.connect("other", connector: Connector())
        let waiting = try registry.bind("late", acceptor: Acceptor())
        #expect(waiting.count == 5)
        #expect(zip(waiting, connectors).allSatisfy { $0 === $1 })
        // They wait once.
        #expect(registry.count == 2)
    }

    @Test func withdrawing() throws {
        let registry = InprocRegistry()
        let first = Connector()
        let second = Connector()
        _ = registry.connect("x", connector: first)
        _ = registry.connect("x", connector: second)
        registry.withdraw("x", connector: first)
        registry.withdraw("x", connector: Connector())
        registry.withdraw("nowhere", connector: first)
        let waiting = try registry.bind("x", acceptor: Acceptor())
        #expect(waiting.count == 1)
        #expect(waiting.first === second)
    }

    @Test func withdrawingAll() throws {
        let registry = InprocRegistry()
        let acceptor = Acceptor()
        _ = try registry.bind("bound", acceptor: acceptor)
        let connectors = [Connector(), Connector()]
        for (index, connector) in connectors.enumerated() {
            _ = registry.connect("\(index)", connector: connector)
        }
        #expect(registry.withdrawAll().count == 2)
        #expect(registry.count == 1)
        #expect(registry.isBound("bound", acceptor: acceptor))
        #expect(try registry.bind("0", acceptor: acceptor).isEmpty)
    }

    @Test func aNameIsTakenOnce() throws {
        let registry = InprocRegistry()
        let owner = Acceptor()
        _ = try registry.bind("n", acceptor: owner)
        do throws(TransportError) {
            _ = try registry.bind("n", acceptor: Acceptor())
            Issue.record("bound twice")
        } catch {
            #expect(error.code == .addressInUse)
            #expect(error.endpoint == "inproc://n")
        }
        // Only its owner frees it.
        registry.unbind("n", acceptor: Acceptor())
        #expect(registry.connect("n", connector: Connector()) === owner)
        registry.unbind("n", acceptor: owner)
        #expect(try registry.bind("n", acceptor: Acceptor()).isEmpty)
    }

    @Test func theEmptyNameIsNone() {
        do throws(TransportError) {
            _ = try InprocRegistry().bind("", acceptor: Acceptor())
            Issue.record("bound to nothing")
        } catch {
            #expect(error.code == .invalidEndpoint)
        }
    }

    @Test func namesOfTwoRegistriesDoNotMeet() throws {
        let a = InprocRegistry()
        _ = try a.bind("same", acceptor: Acceptor())
        #expect(InprocRegistry().connect("same", connector: Connector()) == nil)
    }

    @Test func nothingStays() throws {
        let registry = InprocRegistry()
        for index in 0..<1000 {
            let acceptor = Acceptor()
            let connector = Connector()
            _ = registry.connect("\(index)", connector: connector)
            if index % 2 == 0 {
                _ = try registry.bind("\(index)", acceptor: acceptor)
                registry.unbind("\(index)", acceptor: acceptor)
            } else {
                registry.withdraw("\(index)", connector: connector)
            }
        }
        #expect(registry.count == 0)
    }

    /// Whoever comes first, each connector meets the acceptor once.
    @Test func bindingAndConnectingAtOnce() throws {
        for _ in 0..<500 {
            let registry = InprocRegistry()
            let met = Atomic(0)
            DispatchQueue.concurrentPerform(iterations: 4) { index in
                if index == 0 {
                    let waiting = (try? registry.bind("n", acceptor: Acceptor())) ?? []
                    met.add(waiting.count, ordering: .relaxed)
                } else if registry.connect("n", connector: Connector()) != nil {
                    met.add(1, ordering: .relaxed)
                }
            }
            #expect(met.load(ordering: .relaxed) == 3)
        }
    }
}
