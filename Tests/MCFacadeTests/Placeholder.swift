import Testing
@testable import MCFacade
