/// A table for terminals and logs: columns padded with blanks, a line under the titles.
public struct TextTable: Sendable {
    /// Where a column's text stands.
    public enum Alignment: Sendable { case left, right }

    private let titles: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// Makes a table without rows.
    public init(_ columns: [(title: String, alignment: Alignment)]) {
        titles = columns.map(\.title)
        alignments = columns.map(\.alignment)
    }

    /// Adds a row; missing cells stay empty, cells beyond the last column are left out.
    public mutating func append(_ row: [String]) {
        rows.append(titles.indices.map { $0 < row.count ? row[$0] : "" })
    }

    /// The lines of the table, without blanks at their ends.
    public var lines: [String] {
        let widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
        func line(_ row: [String]) -> String {
            let cells = row.indices.map { column -> String in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + blanks : blanks + row[column]
            }
            let text = cells.joined(separator: "  ")
            return String(text.reversed().drop { $0 == " " }.reversed())
        }
        let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
        return [line(titles), rule] + rows.map(line)
    }
}
