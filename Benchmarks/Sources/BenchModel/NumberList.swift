/// The numbers of a list as the kernel writes it (cpuset(7)): "0-3,8" is 0, 1, 2, 3, 8. What is no
/// number is left out.
public func numberList(_ text: some StringProtocol) -> [Int] {
    let parts = text.split { $0 == "," || $0.isWhitespace }
    return parts.flatMap { part -> [Int] in
        let ends = part.split(separator: "-").compactMap { Int($0) }
        guard let first = ends.first, let last = ends.last, first <= last, last < 65_536 else {
            return []
        }
        return Array(first...last)
    }
}
