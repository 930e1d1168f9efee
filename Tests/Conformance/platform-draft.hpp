// What our library offers when it is built with libzmq's drafts.
#pragma once
#include "platform-ours.hpp"

#ifndef ZMQ_BUILD_DRAFT_API // Tools/Scripts/conformance-programs also gives it to the compiler.
#define ZMQ_BUILD_DRAFT_API 1
#endif
