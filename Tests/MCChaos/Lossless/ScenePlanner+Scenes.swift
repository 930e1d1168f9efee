import MCTestSupport

/// The kinds of scenes. In each at least one part is ours.
extension ScenePlanner {
    /// Who plays whom: at least one of the two sides is ours.
    private mutating func sides() -> (senders: Bool, receivers: Bool) {
        switch number(0...4) {
        case 0, 1: (true, false)
        case 2, 3: (false, true)
        default: (true, true)
        }
    }

    // MARK: PUSH and PULL

    mutating func pipeline() throws -> Scene {
        let (sendersAreOurs, receiversAreOurs) = sides()
        limit = one(200, 20_000, 100_000, 600_000)
        var scene = Scene(title: "pipeline")
        var senders = (0..<number(1...3)).map { _ in sender(isOurs: sendersAreOurs) }
        var receivers = (0..<number(1...2)).map { _ in receiver(isOurs: receiversAreOurs) }
        let allOurs = sendersAreOurs && receiversAreOurs
        if chance(oneIn: 5) {
            // Something of ours in between.
            let (front, back) = (
                try endpoint(allOurs: sendersAreOurs), try endpoint(allOurs: receiversAreOurs)
            )
            scene.plans.append(
                part(
                    "relay", isOurs: true,
                    [
                        "type": "PULL", "backtype": "PUSH", "bind": front, "backbind": back,
                        "style": one("", "async"),
                    ]))
            for index in senders.indices {
                senders[index]["connect"] = front
                if !sendersAreOurs { senders[index].avoidRedial() }
            }
            for index in receivers.indices { receivers[index]["connect"] = back }
        } else {
            try connect(&senders, &receivers, allOurs: allOurs)
        }
        scene.plans += receivers + senders
        scene.finite = senders.map(\.name)
        scene.audiences = [
            Scene.Audience(names: receivers.map(\.name), streams: tallies(of: senders))
        ]
        // A libzmq that loses a connection while it has no room aborts at the next PING (4.3.5).
        if receiversAreOurs { addHeartbeats(to: &scene) }
        return scene
    }

    private mutating func sender(isOurs: Bool) -> PartPlan {
        let rounds = number(1...4)
        let threads = isOurs ? one(1, 1, 2, 3) : 1
        return part(
            "send", isOurs: isOurs,
            [
                "type": "PUSH", "rounds": "\(rounds)", "threads": "\(threads)",
                "stream": takeStreams(rounds * threads), "count": "\(number(1...300))",
                "churn": one("", "redial", "redial", "fresh", "fresh"),
                "sendstyle": one("", "", "", "async", "poll"), "fiddle": one("0", "0", "1"),
                "IMMEDIATE": one("0", "0", "1"),
            ])
    }

    private mutating func receiver(isOurs: Bool) -> PartPlan {
        let threads = isOurs ? one(1, 1, 1, 3) : 1
        return part(
            "receive", isOurs: isOurs,
            [
                "type": "PULL", "style": receiveStyle(), "threads": "\(threads)",
                "ordered": threads == 1 ? "1" : "0",
            ])
    }

    /// One side binds, the other connects to all of it.
    private mutating func connect(
        _ senders: inout [PartPlan], _ receivers: inout [PartPlan], allOurs: Bool
    ) throws {
        if chance(oneIn: 2) {
            try bind(&receivers, and: &senders, allOurs: allOurs)
        } else {
            try bind(&senders, and: &receivers, allOurs: allOurs)
        }
    }

    private mutating func bind(
        _ bound: inout [PartPlan], and connected: inout [PartPlan], allOurs: Bool
    ) throws {
        var all: [String] = []
        for index in bound.indices {
            var endpoints = [try endpoint(allOurs: allOurs)]
            // A subscriber with two connections would get everything twice.
            if bound[index]["role"] != "publish", bound[index]["role"] != "subscribe",
                chance(oneIn: 6)
            {
                endpoints.append(try endpoint(allOurs: allOurs))
            }
            bound[index]["bind"] = endpoints.joined(separator: ",")
            // Who has connected by inproc is not connected again.
            if endpoints.contains(where: { $0.hasPrefix("inproc") }) { bound[index]["churn"] = "" }
            // libzmq drops what waits for a connection whose endpoint is unbound.
            if !bound[index].isOurs { bound[index].avoidRedial() }
            all += endpoints
        }
        for index in connected.indices {
            connected[index]["connect"] = all.joined(separator: ",")
            // Between disconnecting and its next look around libzmq sends into the old connection.
            if !connected[index].isOurs, connected[index]["IMMEDIATE"] == "1" {
                connected[index].avoidRedial()
            }
        }
        // Two connections between the same two: messages may overtake each other.
        guard all.count > bound.count else { return }
        for index in bound.indices { bound[index]["ordered"] = "0" }
        for index in connected.indices { connected[index]["ordered"] = "0" }
    }

    // MARK: DEALER, REQ and ROUTER, REP

    mutating func dialogue() throws -> Scene {
        let (askersAreOurs, echoersAreOurs) = sides()
        limit = one(200, 20_000, 100_000)
        var scene = Scene(title: "dialogue")
        let isLockstep = chance(oneIn: 2)
        var askers = (0..<number(1...4)).map { _ in asker(isOurs: askersAreOurs, isLockstep) }
        var echoers = (0..<number(1...2)).map { _ in echoer(isOurs: echoersAreOurs, isLockstep) }
        if chance(oneIn: 4) {
            let (front, back) = (
                try endpoint(allOurs: askersAreOurs), try endpoint(allOurs: echoersAreOurs)
            )
            scene.plans.append(
                part(
                    "relay", isOurs: true,
                    [
                        "type": "ROUTER", "backtype": "DEALER", "bind": front, "backbind": back,
                        "ROUTER_MANDATORY": "1", "style": one("", "async"),
                    ]))
            for index in askers.indices {
                askers[index]["connect"] = front
                if !askersAreOurs { askers[index].avoidRedial() }
            }
            for index in echoers.indices { echoers[index]["connect"] = back }
        } else {
            try bind(
                &echoers, and: &askers, allOurs: askersAreOurs && echoersAreOurs)
        }
        if echoers.count > 1 {
            for index in askers.indices { askers[index]["ordered"] = "0" }
        }
        scene.plans += echoers + askers
        scene.finite = askers.map(\.name)
        scene.audiences =
            askers.map { Scene.Audience(names: [$0.name], streams: tallies(of: [$0])) }
            + [Scene.Audience(names: echoers.map(\.name), streams: tallies(of: askers))]
        addHeartbeats(to: &scene)
        return scene
    }

    private mutating func asker(isOurs: Bool, _ isLockstep: Bool) -> PartPlan {
        let rounds = number(1...3)
        let style = isOurs ? one("", "async", isLockstep ? "" : "two") : ""
        var plan = part(
            "ask", isOurs: isOurs,
            [
                "type": isLockstep ? "REQ" : "DEALER", "rounds": "\(rounds)",
                "stream": takeStreams(rounds), "count": "\(number(1...200))", "style": style,
                "churn": one("", "redial", "fresh"), "ordered": "1", "window": "1",
                "IMMEDIATE": one("0", "0", "1"),
            ])
        if isLockstep {
            plan["REQ_CORRELATE"] = one("0", "1")
            plan["REQ_RELAXED"] = one("0", "1")
        } else {
            // Who sends more than there is room for before it receives might wait for ever.
            let most = plan.number("SNDHWM")
            plan["window"] = "\(number(1...(most == 0 ? 100 : most)))"
            plan["PROBE_ROUTER"] = one("0", "0", "1")
        }
        return plan
    }

    private mutating func echoer(isOurs: Bool, _ isLockstep: Bool) -> PartPlan {
        var plan = part(
            "echo", isOurs: isOurs,
            [
                "type": isLockstep ? "REP" : "ROUTER", "style": one("", "async", "poller"),
            ])
        if isLockstep {
            // A reply for which there is no room is dropped.
            plan["SNDHWM"] = "1000"
        } else {
            plan["ROUTER_MANDATORY"] = "1"
        }
        return plan
    }

    // MARK: PAIR and PAIR, DEALER and DEALER

    mutating func duplex() throws -> Scene {
        let (leftIsOurs, rightIsOurs) = sides()
        limit = one(200, 20_000, 100_000)
        let type = one("PAIR", "DEALER")
        let counts = (number(1...500), number(1...500))
        var left = part(
            "duplex", isOurs: leftIsOurs,
            [
                "type": type, "stream": takeStreams(1), "count": "\(counts.0)",
                "expect": "\(counts.1)", "ordered": "1", "sendstyle": one("", "async", "poll"),
            ])
        var right = part(
            "duplex", isOurs: rightIsOurs,
            [
                "type": type, "stream": takeStreams(1), "count": "\(counts.1)",
                "expect": "\(counts.0)", "ordered": "1", "sendstyle": one("", "async", "poll"),
            ])
        let endpoint = try endpoint(allOurs: leftIsOurs && rightIsOurs)
        left["bind"] = endpoint
        right["connect"] = endpoint
        var scene = Scene(title: "duplex", plans: [left, right])
        scene.audiences = [
            Scene.Audience(names: [left.name], streams: tallies(of: [right])),
            Scene.Audience(names: [right.name], streams: tallies(of: [left])),
        ]
        addHeartbeats(to: &scene)
        return scene
    }

    // MARK: PUB and SUB

    mutating func fanOut() throws -> Scene {
        let (publishersAreOurs, subscribersAreOurs) = sides()
        limit = one(200, 20_000, 100_000)
        var scene = Scene(title: "fan-out")
        var publishers = (0..<number(1...2)).map { _ in publisher(isOurs: publishersAreOurs) }
        var subscribers = (0..<number(1...4)).map { _ in subscriber(isOurs: subscribersAreOurs) }
        try connect(
            &publishers, &subscribers, allOurs: publishersAreOurs && subscribersAreOurs)
        for index in subscribers.indices {
            subscribers[index]["publishers"] = "\(publishers.count)"
        }
        scene.plans = publishers + subscribers
        scene.audiences = subscribers.map { subscriber in
            Scene.Audience(
                names: [subscriber.name], streams: expectation(of: subscriber, from: publishers))
        }
        addHeartbeats(to: &scene)
        return scene
    }

    private mutating func publisher(isOurs: Bool) -> PartPlan {
        let rounds = number(1...2)
        var plan = part(
            "publish", isOurs: isOurs,
            [
                "type": one("PUB", "XPUB"), "rounds": "\(rounds)", "stream": takeStreams(rounds),
                "count": "\(number(1...300))", "sendstyle": one("", "async", "poll"),
            ])
        // Either there is always room, or whoever sends waits for it.
        if plan["type"] == "PUB" { plan["SNDHWM"] = "0" } else { plan["XPUB_NODROP"] = "1" }
        return plan
    }

    private mutating func subscriber(isOurs: Bool) -> PartPlan {
        var topics: [String] = []
        for topic in Payload.prefixes where chance(oneIn: 3) { topics.append(topic) }
        var plan = part(
            "subscribe", isOurs: isOurs,
            [
                "type": "SUB", "topics": topics.joined(separator: ","), "style": receiveStyle(),
                "ordered": "1",
            ])
        // libzmq drops subscriptions for which there is no room.
        if !isOurs { plan["SNDHWM"] = "1000" }
        return plan
    }

    private func expectation(
        of subscriber: PartPlan, from publishers: [PartPlan]
    ) -> [Int: Tally] {
        let prefixes = subscriber.list("topics").map { Array($0.utf8) }
        var tallies: [Int: Tally] = [:]
        for plan in publishers {
            for stream in plan.streams {
                var tally = Tally()
                for number in 0..<plan.number("count") {
                    let topic = Payload.topic(
                        Payload.Name(
                            stream: UInt32(stream), number: UInt32(number), limit: UInt32(limit)))
                    guard prefixes.contains(where: { topic.starts(with: $0) }) else { continue }
                    tally.count += 1
                    tally.sum += number
                }
                if tally.count > 0 { tallies[stream] = tally }
            }
        }
        return tallies
    }
}

extension PartPlan {
    /// A fresh socket instead of one whose endpoints are left and taken again.
    fileprivate mutating func avoidRedial() {
        if self["churn"] == "redial" { self["churn"] = "fresh" }
    }
}
