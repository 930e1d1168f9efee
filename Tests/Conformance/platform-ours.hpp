// What our library offers: no encryption, no multicast, none of the other transports.
#pragma once
#include "platform-common.hpp"

#define ZMQ_HAVE_IPC
