import Testing
@testable import MCPatterns
