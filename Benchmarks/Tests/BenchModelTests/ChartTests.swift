import BenchModel
import Testing

@Suite struct ChartTests {
    private func chart(_ values: [Double?], isLogarithmic: Bool = true) -> BarChart {
        BarChart(
            title: "a < b & c", unit: "msg/s", groups: values.indices.map { "g\($0)" },
            series: [BarChart.Series(name: "ours", ink: .first, values: values)],
            isLogarithmic: isLogarithmic)
    }

    private func heights(_ document: String) -> [Double] {
        document.matches(of: /class="first"[^>]*height="([0-9.]+)"/).compactMap { Double($0.1) }
    }

    @Test func textIsEscaped() throws {
        let document = try #require(chart([1]).draw())
        #expect(document.contains("a &lt; b &amp; c"))
        #expect(!document.contains("a < b"))
    }

    @Test func nothingIsNotDrawn() {
        #expect(chart([nil, nil]).draw() == nil)
        #expect(Results(mode: "test", date: "", machine: "", pinning: "").charts.isEmpty)
    }

    @Test func barsAreAsHighAsTheirLogarithms() throws {
        // The first one is the legend's.
        let drawn = heights(try #require(chart([10, 100, 1000, nil]).draw())).dropFirst()
        #expect(drawn.count == 3)
        let (low, middle, high) = (drawn[1], drawn[2], drawn[3])
        #expect(abs((middle - low) - (high - middle)) < 0.5)
    }

    @Test func barsAreAsHighAsTheirValues() throws {
        let drawn = heights(try #require(chart([10, 20], isLogarithmic: false).draw())).dropFirst()
        #expect(abs(drawn[2] - 2 * drawn[1]) < 0.5)
    }

    @Test func aDocumentIsOneForLightAndDark() throws {
        let document = try #require(chart([1]).draw())
        #expect(document.hasPrefix("<svg xmlns="))
        #expect(document.contains("prefers-color-scheme: dark"))
        #expect(document.hasSuffix("</svg>\n"))
    }
}

@Suite struct TextTests {
    @Test func amountsHaveUnits() {
        #expect(Text.amount(1_234_000) == "1.23M")
        #expect(Text.amount(45_600) == "45.6k")
        #expect(Text.amount(7) == "7.00")
        #expect(Text.amount(nil) == "-")
    }

    @Test func placesAreFixed() {
        #expect(Text.fixed(0.06, 1) == "0.1")
        #expect(Text.fixed(1.05, 2) == "1.05")
        #expect(Text.fixed(-0.001, 2) == "0.00")
        #expect(Text.fixed(-1.5, 1) == "-1.5")
        #expect(Text.fixed(9.999, 2) == "10.00")
    }

    @Test func sizesAreInPowersOfTwo() {
        #expect(Text.bytes(64) == "64")
        #expect(Text.bytes(4096) == "4Ki")
        #expect(Text.bytes(16_777_216) == "16Mi")
        #expect(Text.bytes(1500) == "1500")
    }
}
