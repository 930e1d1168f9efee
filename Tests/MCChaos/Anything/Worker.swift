import CMCZmq
import Glibc
import MCFacade
import MCTestSupport
import MCZmqABI

/// A thread that does one thing after the other to the sockets of a world.
struct Worker {
    /// Of receiving and sending. Who waits for ever waits until the socket is closed.
    static let timeouts = [0, 1, 1, 5, 5, 20, 100, -1]

    let world: World
    let activity: Activity
    var chance: Chance

    mutating func work() {
        while !world.isOver {
            step()
            world.count("calls")
        }
        activity.end()
    }

    private mutating func step() {
        switch chance.number(0...99) {
        case 0..<2: announce("open") { world, chance in world.open(&chance) }
        case 2..<5: announce("open a couple") { world, chance in world.openCouple(&chance) }
        case 5: announce("close") { world, chance in world.close(&chance) }
        case 6: if chance.chance(oneIn: 20) { announce("end a context") { $0.replaceHome(&$1) } }
        case 7..<15: endpoints()
        case 15..<50: withSubject("send") { $0.send(&$2) }
        case 50..<82: withSubject("receive") { $0.receive(&$2) }
        case 82..<88: withSubject("change") { $0.change(&$2) }
        case 88..<91: withSubject("look") { $0.look(&$2) }
        case 91..<94: withSubject("special") { $0.special($1, &$2) }
        case 94..<97: announce("poll") { Worker.poll($0, &$1) }
        case 97: announce("cancel") { $0.cancelTask(&$1) }
        case 98: announce("attack") { Attacker.attack($0.places, &$1) }
        default: usleep(UInt32(chance.number(0...5_000)))
        }
    }

    private mutating func announce(_ what: String, _ body: (World, inout Chance) -> Void) {
        activity.begin(what, within: AnythingRun.mostSeconds)
        body(world, &chance)
    }

    private mutating func withSubject(
        _ what: String, _ body: (any Subject, World, inout Chance) -> Void
    ) {
        guard let subject = world.any(&chance) else { return }
        announce("\(what) \(subject.name)") { body(subject, $0, &$1) }
    }

    private mutating func endpoints() {
        let kind = chance.number(0...19)
        withSubject("endpoint") { subject, world, chance in
            let isDatagram = subject.speaksDatagrams
            switch kind {
            case 0..<5: subject.bind(world.places.toBind(&chance, isDatagram: isDatagram))
            case 5..<15: subject.connect(world.places.toConnect(&chance, isDatagram: isDatagram))
            case 15: subject.unbind(world.places.toBind(&chance))
            case 16: subject.unbind(subject.lastEndpoint)
            case 17: subject.disconnect(subject.lastEndpoint)
            default: subject.disconnect(world.places.toConnect(&chance))
            }
        }
    }

    // MARK: Waiting for several

    private static func poll(_ world: World, _ chance: inout Chance) {
        let timeout = chance.one(0, 1, 20, 200)
        if chance.chance(oneIn: 2) {
            pollInC((0..<chance.number(1...5)).compactMap { _ in world.anyInC(&chance) }, timeout)
            return
        }
        let poller = Poller()
        for _ in 0..<chance.number(1...5) {
            guard let subject = world.anyInSwift(&chance) else { continue }
            poller.add(subject.socket, for: chance.one(.canReceive, .canSend, []))
        }
        if chance.chance(oneIn: 2) {
            _ = try? poller.wait(timeoutMilliseconds: timeout)
        } else {
            world.startTask { _ = try? await poller.wait(timeoutMilliseconds: timeout) }
        }
    }

    private static func pollInC(_ subjects: [CSubject], _ timeout: Int) {
        var items = subjects.map {
            zmq_pollitem_t(
                socket: $0.handle, fd: 0, events: Int16(ZMQ_POLLIN | ZMQ_POLLOUT), revents: 0)
        }
        // Standard input is there, too, and never readable.
        items.append(zmq_pollitem_t(socket: nil, fd: 0, events: Int16(ZMQ_POLLERR), revents: 0))
        CSubject.note(zmq_poll(&items, Int32(items.count), timeout), "zmq_poll")
    }
}
