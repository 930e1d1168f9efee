/// Shapes and text, written as SVG. The colours are for a light card; where the viewer knows that
/// the page is dark, a dark one.
public struct SVGCanvas {
    public let width: Double
    public let height: Double
    private var shapes: [String] = []

    /// What a colour is used for; the style below gives it its values.
    public enum Ink: String, CaseIterable, Sendable {
        case first, second, third, text, faint, card

        var light: String {
            switch self {
            case .first: "#2563eb"
            case .second: "#d97706"
            case .third: "#6b7280"
            case .text: "#1f2937"
            case .faint: "#d1d5db"
            case .card: "#ffffff"
            }
        }

        var dark: String {
            switch self {
            case .first: "#60a5fa"
            case .second: "#fbbf24"
            case .third: "#9ca3af"
            case .text: "#e5e7eb"
            case .faint: "#374151"
            case .card: "#0d1117"
            }
        }
    }

    public enum Anchor: String, Sendable { case start, middle, end }

    public init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    public mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, _ ink: Ink, title: String? = nil
    ) {
        let title = title.map { "<title>\(Self.escaped($0))</title>" } ?? ""
        shapes.append(
            "<rect class=\"\(ink.rawValue)\" x=\"\(number(x))\" y=\"\(number(y))\" "
                + "width=\"\(number(max(0, width)))\" height=\"\(number(max(0, height)))\">"
                + "\(title)</rect>")
    }

    public mutating func line(
        x1: Double, y1: Double, x2: Double, y2: Double, _ ink: Ink
    ) {
        shapes.append(
            "<line class=\"\(ink.rawValue)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" "
                + "x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>")
    }

    public mutating func text(
        _ text: String, x: Double, y: Double, size: Double = 12, _ anchor: Anchor = .start,
        isBold: Bool = false
    ) {
        shapes.append(
            "<text class=\"text\" x=\"\(number(x))\" y=\"\(number(y))\" "
                + "font-size=\"\(number(size))\" text-anchor=\"\(anchor.rawValue)\""
                + (isBold ? " font-weight=\"bold\"" : "") + ">\(Self.escaped(text))</text>")
    }

    /// The whole file.
    public var document: String {
        let size = "\(number(width)) \(number(height))"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" \
            width="\(number(width))" height="\(number(height))" \
            font-family="system-ui, 'DejaVu Sans', sans-serif">
            <style>
            \(style { $0.light })
            @media (prefers-color-scheme: dark) {
            \(style { $0.dark })
            }
            </style>
            <rect class="card" width="100%" height="100%" rx="6"/>
            \(shapes.joined(separator: "\n"))
            </svg>

            """
    }

    private func style(_ colour: (Ink) -> String) -> String {
        Ink.allCases
            .map { ".\($0.rawValue) { fill: \(colour($0)); }" }
            .joined(separator: "\n")
            + "\nline.faint { stroke: \(colour(.faint)); } line.text { stroke: \(colour(.text)); }"
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() ? Text.fixed(value, 0) : Text.fixed(value, 1)
    }

    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
