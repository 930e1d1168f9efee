import Testing
import MCFacade
