import Testing

@testable import MCPatterns

struct RoutingKeyTests {
    /// Ids are the same when their bytes are, however long they are.
    @Test func equalWhenTheBytesAre() {
        let ids: [[UInt8]] =
            (0...40).flatMap { count -> [[UInt8]] in
                let id = [UInt8](repeating: 0, count: count)
                return count == 0 ? [id] : [id, [1] + id.dropFirst(), id.dropLast() + [1]]
            }
        for (place, id) in ids.enumerated() {
            for (otherPlace, other) in ids.enumerated() where otherPlace >= place {
                let areSame = RoutingKey(id) == RoutingKey(other)
                #expect(areSame == (id == other))
            }
            #expect(RoutingKey(id).hashValue == RoutingKey(id).hashValue)
        }
    }
}
