import Testing
@testable import MCPool
