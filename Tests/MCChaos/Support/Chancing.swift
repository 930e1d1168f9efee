import MCTestSupport

/// Whoever leaves something to chance.
protocol Chancing {
    var random: SeededGenerator { get set }
}

extension Chancing {
    mutating func one<Value>(_ values: Value...) -> Value { one(of: values) }

    mutating func one<Value>(of values: [Value]) -> Value {
        values[Int(random.next() % UInt64(values.count))]
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    mutating func chance(oneIn count: Int) -> Bool { random.next() % UInt64(count) == 0 }
}

/// Chance alone.
struct Chance: Chancing {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Mostly few bytes, sometimes many.
    mutating func size() -> Int {
        switch number(0...99) {
        case 0..<60: number(0...80)
        case 60..<85: number(0...1000)
        case 85..<97: number(0...30_000)
        default: number(0...300_000)
        }
    }
}
