import MCCodec
import MCFacade
import MCTestSupport
import Testing

extension FacadeTests {
    /// RADIO and DISH over streams and in the process.
    @Suite struct Groups {
        @Test(arguments: Way.allCases)
        func onlyTheGroupsThatWereJoined(way: Way) throws {
            try withContext { context in
                let radio = try RadioSocket(context: context, options: .test)
                let dish = try DishSocket(context: context, options: .test)
                try dish.join("Movies")
                try dish.connect(try radio.bind(way.fresh))
                try #require(try hears(dish, radio, "Movies"))
                try radio.send("Friends", group: "TV")
                try radio.send("Godfather", group: "Movies")
                #expect(try dish.parts() == [bytes("Movies"), bytes("Godfather")])
                // Joined while the connection is there.
                try dish.join("TV")
                try #require(try hears(dish, radio, "TV"))
                try radio.send("Friends", group: "TV")
                #expect(try dish.parts() == [bytes("TV"), bytes("Friends")])
                try dish.leave("TV")
                // What is under way is not received any more, either.
                try radio.send("Friends", group: "TV")
                try radio.send("Alien", group: "Movies")
                #expect(try dish.parts() == [bytes("Movies"), bytes("Alien")])
            }
        }

        /// The same the other way round: the DISH is bound.
        @Test(arguments: Way.allCases)
        func aBoundDish(way: Way) throws {
            try withContext { context in
                let dish = try DishSocket(context: context, options: .test)
                let radio = try RadioSocket(context: context, options: .test)
                try radio.connect(try dish.bind(way.fresh))
                try dish.join([0, 255, 1])
                try #require(
                    try eventually {
                        try radio.send(Message("x"), group: [0, 255, 1])
                        return try dish.tryReceive() != nil
                    })
            }
        }

        @Test func whatCannotBeJoined() throws {
            try withContext { context in
                let dish = try DishSocket(context: context, options: .test)
                #expect(code { try dish.leave("Movies") } == .invalidState)
                try dish.join("Movies")
                #expect(code { try dish.join("Movies") } == .invalidState)
                try dish.leave("Movies")
                try dish.join("Movies")
                let longest = [UInt8](repeating: 65, count: 255)
                try dish.join(longest)
                #expect(code { try dish.join(longest + [65]) } == .invalidOption)
                let radio = try RadioSocket(context: context, options: .test)
                try radio.send(Message("x"), group: longest)
                let tooLong = code { try radio.send(Message("x"), group: longest + [65]) }
                #expect(tooLong == .invalidMessage)
                let parts = code { try radio.send(Message(parts: ["a", "b"]), group: "x") }
                #expect(parts == .invalidMessage)
            }
        }

        /// Each of many groups, long names among them, reaches whom it is for, in order.
        @Test(arguments: Way.allCases)
        func manyGroups(way: Way) throws {
            try withContext { context in
                let radio = try RadioSocket(context: context, options: .test)
                let endpoint = try radio.bind(way.fresh)
                let names = ["a", "b", String(repeating: "long", count: 20), ""]
                let dishes = try names.map { name in
                    let dish = try DishSocket(context: context, options: .test)
                    try dish.join(name)
                    try dish.join("all")
                    try dish.connect(endpoint)
                    return dish
                }
                for (name, dish) in zip(names, dishes) {
                    try #require(try hears(dish, radio, name))
                    try #require(try hears(dish, radio, "all"))
                }
                for dish in dishes { _ = try dish.countUntilQuiet(20) }
                for number in 0..<200 {
                    for name in names { try radio.send("\(number)", group: name) }
                    try radio.send("\(number)", group: "all")
                }
                for (name, dish) in zip(names, dishes) {
                    for number in 0..<200 {
                        #expect(try dish.parts() == [bytes(name), bytes("\(number)")])
                        #expect(try dish.parts() == [bytes("all"), bytes("\(number)")])
                    }
                }
            }
        }

        /// A slow DISH misses messages, or makes a RADIO wait that is told to.
        @Test func withoutRoom() throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 2
                    $0.receiveHighWaterMark = 2
                    $0.sendTimeoutMilliseconds = 50
                }
                let radio = try RadioSocket(context: context, options: options)
                let dish = try DishSocket(context: context, options: options)
                try dish.join("x")
                try dish.connect(try radio.bind(Way.inproc.fresh))
                try #require(try hears(dish, radio, "x"))
                _ = try dish.countUntilQuiet(20)
                for number in 0..<10 { try radio.send("\(number)", group: "x") }
                #expect(try dish.countUntilQuiet() == 4)
                radio.waitsForRoom = true
                for number in 0..<4 { try radio.send("\(number)", group: "x") }
                #expect(code { try radio.send("4", group: "x") } == .timedOut)
                #expect(try dish.countUntilQuiet() == 4)
                try radio.send("5", group: "x")
            }
        }

        /// A group is joined again with every new connection, and a lost one's members are forgotten.
        @Test func reconnecting() throws {
            try withContext { context in
                let endpoint = try Way.tcp.reserved()
                let dish = try DishSocket(context: context, options: .test)
                try dish.join("x")
                try dish.connect(endpoint)
                for _ in 0..<2 {
                    let radio = try RadioSocket(context: context, options: .test)
                    try radio.bind(endpoint)
                    try #require(try hears(dish, radio, "x"))
                    radio.close()
                }
            }
        }

        // MARK: On the wire

        @Test func whatADishSends() throws {
            try withContext { context in
                let dish = try DishSocket(context: context, options: .test)
                let raw = try RawPeer.connect(to: try dish.bind(Way.tcp.fresh))
                try dish.join("early")
                let theirs = try raw.shakeHands(as: "RADIO")
                #expect(theirs["Socket-Type"] == bytes("DISH"))
                #expect(try raw.receive(12) == [4, 10, 4] + bytes("JOINearly"))
                try dish.leave("early")
                #expect(try raw.receive(13) == [4, 11, 5] + bytes("LEAVEearly"))
                // What is no message of a RADIO's is dropped, the rest is received.
                try dish.join("x")
                _ = try raw.receive(8)
                try raw.send(parts: [bytes("x")])
                try raw.send(parts: [bytes("x"), bytes("a"), bytes("b")])
                try raw.send(parts: [[UInt8](repeating: 120, count: 300), bytes("a")])
                try raw.send(parts: [bytes("y"), bytes("a")])
                try raw.send(parts: [bytes("x"), bytes("c")])
                #expect(try dish.parts() == [bytes("x"), bytes("c")])
            }
        }

        @Test func whatARadioUnderstands() throws {
            try withContext { context in
                let radio = try RadioSocket(context: context, options: .test)
                let raw = try RawPeer.connect(to: try radio.bind(Way.tcp.fresh))
                try raw.shakeHands(as: "DISH")
                try raw.send([4, 6, 4] + bytes("JOINx"))
                // Twice is once; what is too long is nothing; messages are nothing.
                try raw.send(.join(group: bytes("x")))
                try raw.send(.join(group: [UInt8](repeating: 65, count: 256)))
                try raw.send(.leave(group: bytes("never")))
                try raw.send(.subscribe(prefix: bytes("y")))
                try raw.send(parts: [bytes("\u{4}JOINy")])
                try raw.send(.join(group: bytes("end")))
                try #require(
                    try eventually {
                        try radio.send("?", group: "end")
                        return !raw.isSilent(for: 20)
                    })
                try radio.send("no", group: "y")
                try radio.send("yes", group: "x")
                var seen: [[UInt8]] = []
                repeat { seen = try raw.message() } while seen.first == bytes("end")
                #expect(seen == [bytes("x"), bytes("yes")])
                try raw.send(.leave(group: bytes("x")))
                try raw.send(.join(group: bytes("last")))
                try #require(
                    try eventually {
                        try radio.send("no", group: "x")
                        try radio.send("?", group: "last")
                        guard !raw.isSilent(for: 20) else { return false }
                        return try raw.message().first == bytes("last")
                    })
            }
        }
    }
}

/// Sends to a group until a DISH hears of it; what was sent too much is taken away.
private func hears(_ dish: DishSocket, _ radio: RadioSocket, _ group: String) throws -> Bool {
    let isHeard = try eventually {
        try radio.send("?", group: group)
        return try dish.tryReceive()?.bytes(0) == bytes(group)
    }
    while try dish.tryReceive() != nil {}
    pause(20)
    while try dish.tryReceive() != nil {}
    return isHeard
}
