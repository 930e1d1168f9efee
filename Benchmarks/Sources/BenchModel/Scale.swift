import Glibc

/// Where values lie between the bottom and the top of a chart.
struct Scale {
    let isLogarithmic: Bool
    let low: Double
    let high: Double

    /// Nil of no positive values.
    init?(_ values: [Double], isLogarithmic: Bool) {
        let positive = values.filter { $0 > 0 && $0.isFinite }
        guard let least = positive.min(), let most = positive.max() else { return nil }
        self.isLogarithmic = isLogarithmic
        if isLogarithmic {
            low = pow(10, log10(least).rounded(.down))
            high = pow(10, (log10(most) + 0.05).rounded(.up))
        } else {
            low = 0
            high = most * 1.1
        }
    }

    /// 0 at the bottom, 1 at the top.
    func part(_ value: Double) -> Double {
        isLogarithmic
            ? (log10(value) - log10(low)) / (log10(high) - log10(low))
            : (value - low) / (high - low)
    }

    /// Values with a line across: powers of ten, or about five round steps.
    var marks: [Double] {
        if isLogarithmic {
            let (first, last) = (Int(log10(low).rounded()), Int(log10(high).rounded()))
            return (first...last).map { pow(10, Double($0)) }
        }
        let power = pow(10, log10(high / 5).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { high / $0 <= 6 } ?? high
        return Array(stride(from: 0, through: high, by: step))
    }
}
