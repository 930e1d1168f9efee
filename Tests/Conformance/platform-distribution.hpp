// What Debian's library offers (debian/rules of its source package).
#pragma once
#include "platform-common.hpp"

#define ZMQ_HAVE_IPC
#define ZMQ_HAVE_CURVE
#define HAVE_LIBGSSAPI_KRB5
#define ZMQ_HAVE_OPENPGM
#define ZMQ_HAVE_NORM
#define ZMQ_HAVE_TIPC
