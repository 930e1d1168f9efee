/// Groups of bars that stand on a logarithmic or a plain scale.
public struct BarChart {
    public struct Series: Sendable {
        public let name: String
        public let ink: SVGCanvas.Ink
        /// One for each group; nil where nothing was measured.
        public let values: [Double?]

        public init(name: String, ink: SVGCanvas.Ink, values: [Double?]) {
            self.name = name
            self.ink = ink
            self.values = values
        }
    }

    public let title: String
    public let unit: String
    public let groups: [String]
    public let series: [Series]
    public let isLogarithmic: Bool
    /// A line across, to compare with.
    public let reference: Double?

    public init(
        title: String, unit: String, groups: [String], series: [Series],
        isLogarithmic: Bool = true, reference: Double? = nil
    ) {
        self.title = title
        self.unit = unit
        self.groups = groups
        self.series = series
        self.isLogarithmic = isLogarithmic
        self.reference = reference
    }

    private static let (width, height) = (960.0, 380.0)
    private static let (left, right, top, bottom) = (64.0, 16.0, 62.0, 40.0)

    private var values: [Double] { series.flatMap(\.values).compactMap { $0 }.filter { $0 > 0 } }

    /// Nil where there is nothing to draw.
    public func draw() -> String? {
        guard let scale = Scale(values, isLogarithmic: isLogarithmic) else { return nil }
        var canvas = SVGCanvas(width: Self.width, height: Self.height)
        canvas.text(title, x: Self.left, y: 24, size: 16, isBold: true)
        drawLegend(&canvas)
        for mark in scale.marks {
            let y = height(of: mark, scale)
            canvas.line(x1: Self.left, y1: y, x2: Self.width - Self.right, y2: y, .faint)
            canvas.text(Text.mark(mark), x: Self.left - 6, y: y + 4, size: 11, .end)
        }
        drawBars(&canvas, scale)
        if let reference {
            let y = height(of: reference, scale)
            canvas.line(x1: Self.left, y1: y, x2: Self.width - Self.right, y2: y, .text)
        }
        return canvas.document
    }

    private func drawLegend(_ canvas: inout SVGCanvas) {
        var x = Self.left
        for series in series {
            canvas.rectangle(x: x, y: 36, width: 12, height: 12, series.ink)
            canvas.text(series.name, x: x + 17, y: 47)
            x += 40 + 7.5 * Double(series.name.count)
        }
        canvas.text(unit, x: Self.width - Self.right, y: 47, .end)
    }

    private func drawBars(_ canvas: inout SVGCanvas, _ scale: Scale) {
        let groupWidth = (Self.width - Self.left - Self.right) / Double(groups.count)
        let barWidth = min(44, groupWidth * 0.8 / Double(max(1, series.count)))
        let floor = Self.height - Self.bottom
        for (index, group) in groups.enumerated() {
            let middle = Self.left + groupWidth * (Double(index) + 0.5)
            canvas.text(group, x: middle, y: floor + 18, size: 11, .middle)
            var x = middle - barWidth * Double(series.count) / 2
            for series in series {
                defer { x += barWidth }
                guard index < series.values.count, let value = series.values[index], value > 0
                else { continue }
                let y = height(of: value, scale)
                canvas.rectangle(
                    x: x + 1, y: y, width: barWidth - 2, height: floor - y, series.ink,
                    title: "\(series.name), \(group): \(Text.amount(value)) \(unit)")
                if barWidth >= 22 {
                    canvas.text(Text.short(value), x: x + barWidth / 2, y: y - 3, size: 9, .middle)
                }
            }
        }
    }

    private func height(of value: Double, _ scale: Scale) -> Double {
        let part = min(max(scale.part(value), 0), 1)
        return Self.height - Self.bottom - part * (Self.height - Self.top - Self.bottom)
    }
}
