// MCFacade
