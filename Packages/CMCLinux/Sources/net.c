#define _GNU_SOURCE
#include "CMCNet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(CMC_NET_ADDRESS_BYTES == sizeof(struct sockaddr_storage), "any address fits");
_Static_assert(CMC_NET_IPV4 == AF_INET && CMC_NET_IPV6 == AF_INET6 && CMC_NET_UNIX == AF_UNIX,
               "the families are the kernel's");
_Static_assert(CMC_NET_TEXT_BYTES > NI_MAXHOST + 8, "any address text fits");

static int result(int value) { return value < 0 ? -errno : value; }

// MARK: - Sockets

int cmc_net_socket(int family) {
    return result(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int cmc_net_bind(int fd, const void *address, uint32_t length) {
    return result(bind(fd, address, length));
}

int cmc_net_listen(int fd, int backlog) { return result(listen(fd, backlog)); }

int cmc_net_connect(int fd, const void *address, uint32_t length) {
    if (connect(fd, address, length) == 0) return 0;
    // connect(2): interrupted, it goes on in the background, like one that would block.
    return errno == EINTR ? -EINPROGRESS : -errno;
}

int cmc_net_connect_result(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return -error;
}

int cmc_net_is_connected_to_itself(int fd) {
    struct sockaddr_storage local = {0}, peer = {0};
    socklen_t local_length = sizeof local, peer_length = sizeof peer;
    if (getsockname(fd, (struct sockaddr *)&local, &local_length) < 0) return -errno;
    if (getpeername(fd, (struct sockaddr *)&peer, &peer_length) < 0) return -errno;
    return local_length == peer_length && memcmp(&local, &peer, local_length) == 0;
}

int cmc_net_is_listening(int fd) {
    int type = 0, listens = 0;
    socklen_t length = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return -errno;
    if (type != SOCK_STREAM) return -ESOCKTNOSUPPORT;
    length = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) < 0) return -errno;
    return listens != 0;
}

int cmc_net_make_ours(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    return result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

int cmc_net_identity(int fd, uint64_t *identity) {
    struct stat status;
    if (fstat(fd, &status) < 0) return -errno;
    *identity = status.st_ino + status.st_dev * 0x9e3779b97f4a7c15u;
    return 0;
}

static int option_of(int option, int *level, int *name) {
    switch (option) {
    case CMC_NET_SEND_BUFFER: *level = SOL_SOCKET, *name = SO_SNDBUF; return 0;
    case CMC_NET_RECEIVE_BUFFER: *level = SOL_SOCKET, *name = SO_RCVBUF; return 0;
    case CMC_NET_REUSE_ADDRESS: *level = SOL_SOCKET, *name = SO_REUSEADDR; return 0;
    case CMC_NET_NO_DELAY: *level = IPPROTO_TCP, *name = TCP_NODELAY; return 0;
    case CMC_NET_IPV6_ONLY: *level = IPPROTO_IPV6, *name = IPV6_V6ONLY; return 0;
    case CMC_NET_KEEP_ALIVE: *level = SOL_SOCKET, *name = SO_KEEPALIVE; return 0;
    case CMC_NET_KEEP_ALIVE_COUNT: *level = IPPROTO_TCP, *name = TCP_KEEPCNT; return 0;
    case CMC_NET_KEEP_ALIVE_IDLE: *level = IPPROTO_TCP, *name = TCP_KEEPIDLE; return 0;
    case CMC_NET_KEEP_ALIVE_INTERVAL: *level = IPPROTO_TCP, *name = TCP_KEEPINTVL; return 0;
    case CMC_NET_UNSENT: *level = IPPROTO_TCP, *name = TCP_NOTSENT_LOWAT; return 0;
    case CMC_NET_USER_TIMEOUT: *level = IPPROTO_TCP, *name = TCP_USER_TIMEOUT; return 0;
    case CMC_NET_TYPE_OF_SERVICE: *level = IPPROTO_IP, *name = IP_TOS; return 0;
    case CMC_NET_TRAFFIC_CLASS: *level = IPPROTO_IPV6, *name = IPV6_TCLASS; return 0;
    case CMC_NET_PRIORITY: *level = SOL_SOCKET, *name = SO_PRIORITY; return 0;
    case CMC_NET_MULTICAST_HOPS: *level = IPPROTO_IP, *name = IP_MULTICAST_TTL; return 0;
    case CMC_NET_MULTICAST_HOPS_IPV6:
        *level = IPPROTO_IPV6, *name = IPV6_MULTICAST_HOPS;
        return 0;
    case CMC_NET_MULTICAST_LOOP: *level = IPPROTO_IP, *name = IP_MULTICAST_LOOP; return 0;
    case CMC_NET_MULTICAST_LOOP_IPV6:
        *level = IPPROTO_IPV6, *name = IPV6_MULTICAST_LOOP;
        return 0;
    case CMC_NET_REUSE_PORT: *level = SOL_SOCKET, *name = SO_REUSEPORT; return 0;
    default: return -ENOPROTOOPT;
    }
}

int cmc_net_set_option(int fd, int option, int value) {
    int level, name, error = option_of(option, &level, &name);
    return error ? error : result(setsockopt(fd, level, name, &value, sizeof value));
}

int cmc_net_option(int fd, int option) {
    int level, name, value = 0, error = option_of(option, &level, &name);
    socklen_t length = sizeof value;
    if (error) return error;
    return getsockopt(fd, level, name, &value, &length) < 0 ? -errno : value;
}

int cmc_net_bind_to_device(int fd, const char *name, uint32_t length) {
    return result(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, length));
}

// MARK: - Datagrams

int cmc_net_datagram_socket(int family) {
    return result(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int64_t cmc_net_send_to(int fd, const struct iovec *vectors, int count, const void *address,
                        uint32_t length) {
    struct msghdr message = {
        .msg_name = (void *)address,
        .msg_namelen = length,
        .msg_iov = (struct iovec *)vectors,
        .msg_iovlen = count,
    };
    ssize_t sent;
    do sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

int64_t cmc_net_receive_from(int fd, void *bytes, size_t capacity, void *address,
                             uint32_t *length) {
    socklen_t room = CMC_NET_ADDRESS_BYTES;
    ssize_t received;
    do received = recvfrom(fd, bytes, capacity, MSG_DONTWAIT | MSG_TRUNC, address, &room);
    while (received < 0 && errno == EINTR);
    *length = room;
    return received < 0 ? -errno : received;
}

bool cmc_net_is_multicast(const void *address, uint32_t length) {
    switch (cmc_net_family(address, length)) {
    case AF_INET:
        return IN_MULTICAST(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
    case AF_INET6: return IN6_IS_ADDR_MULTICAST(&((const struct sockaddr_in6 *)address)->sin6_addr);
    default: return false;
    }
}

/// 0 for the system's choice, or -ENODEV.
static int interface_index(const char *name) {
    if (*name == 0 || strcmp(name, "*") == 0) return 0;
    unsigned index = if_nametoindex(name);
    return index == 0 ? -ENODEV : (int)index;
}

static int interface_request(const char *name, struct ip_mreqn *request) {
    if (inet_pton(AF_INET, name, &request->imr_address) == 1) return 0;
    int index = interface_index(name);
    request->imr_ifindex = index;
    return index < 0 ? index : 0;
}

int cmc_net_join_group(int fd, const void *group, uint32_t length, const char *interface) {
    if (cmc_net_family(group, length) == AF_INET) {
        struct ip_mreqn request = {
            .imr_multiaddr = ((const struct sockaddr_in *)group)->sin_addr};
        int error = interface_request(interface, &request);
        if (error) return error;
        return result(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request));
    }
    int index = interface_index(interface);
    if (index < 0) return index;
    struct ipv6_mreq request = {
        .ipv6mr_multiaddr = ((const struct sockaddr_in6 *)group)->sin6_addr,
        .ipv6mr_interface = index,
    };
    return result(setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof request));
}

int cmc_net_multicast_through(int fd, int family, const char *interface) {
    if (family == AF_INET) {
        struct ip_mreqn request = {0};
        int error = interface_request(interface, &request);
        if (error) return error;
        return result(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request));
    }
    int index = interface_index(interface);
    if (index < 0) return index;
    return result(setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &index, sizeof index));
}

// MARK: - Addresses

int cmc_net_local_address(int fd, void *address) {
    socklen_t length = CMC_NET_ADDRESS_BYTES;
    return getsockname(fd, address, &length) < 0 ? -errno : (int)length;
}

int cmc_net_peer_address(int fd, void *address) {
    socklen_t length = CMC_NET_ADDRESS_BYTES;
    return getpeername(fd, address, &length) < 0 ? -errno : (int)length;
}

int cmc_net_family(const void *address, uint32_t length) {
    sa_family_t family;
    if (length < sizeof family) return -EINVAL;
    memcpy(&family, address, sizeof family);
    return family;
}

int cmc_net_address_number(const void *address, uint32_t length, uint8_t *number) {
    if (cmc_net_family(address, length) == AF_INET && length >= sizeof(struct sockaddr_in)) {
        memcpy(number, &((const struct sockaddr_in *)address)->sin_addr, 4);
        return 4;
    }
    if (cmc_net_family(address, length) == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        memcpy(number, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        return 16;
    }
    return -EAFNOSUPPORT;
}

int cmc_net_numeric_address(const char *host, uint16_t port, void *address) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0) return -EINVAL;
    int length = (int)found->ai_addrlen;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return length;
}

static int set_port(struct sockaddr *address, uint16_t port) {
    if (address->sa_family == AF_INET) {
        ((struct sockaddr_in *)address)->sin_port = htons(port);
        return sizeof(struct sockaddr_in);
    }
    ((struct sockaddr_in6 *)address)->sin6_port = htons(port);
    return sizeof(struct sockaddr_in6);
}

int cmc_net_interface_address(const char *name, int family, uint16_t port, void *address) {
    struct ifaddrs *all;
    int length = -ENODEV;
    if (family != AF_INET && family != AF_INET6) return -EAFNOSUPPORT;
    if (getifaddrs(&all) < 0) return -errno;
    for (struct ifaddrs *i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != family || strcmp(i->ifa_name, name) != 0)
            continue;
        length = set_port(i->ifa_addr, port);
        memcpy(address, i->ifa_addr, (size_t)length);
        break;
    }
    freeifaddrs(all);
    return length;
}

int cmc_net_unix_address(const char *name, uint32_t name_length, void *address) {
    struct sockaddr_un unix_address = {.sun_family = AF_UNIX};
    if (name_length >= sizeof unix_address.sun_path) return -ENAMETOOLONG;
    memcpy(unix_address.sun_path, name, name_length);
    // unix(7): an abstract name begins with NUL and is as long as the address says, without an end
    // mark; a path has one, which counts.
    bool abstract = name_length > 0 && name[0] == '@';
    if (abstract) unix_address.sun_path[0] = '\0';
    memcpy(address, &unix_address, sizeof unix_address);
    return (int)(offsetof(struct sockaddr_un, sun_path) + name_length + (abstract ? 0 : 1));
}

int cmc_net_address_text(const void *address, uint32_t length, char *text, uint32_t capacity) {
    char host[NI_MAXHOST], service[8];
    if (getnameinfo(address, length, host, sizeof host, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return -EINVAL;
    bool brackets = cmc_net_family(address, length) == AF_INET6;
    int n = snprintf(text, capacity, brackets ? "[%s]:%s" : "%s:%s", host, service);
    return n < 0 || (uint32_t)n >= capacity ? -ENOSPC : n;
}

// MARK: - Who is at the other end

int cmc_net_peer_credentials(int fd, int32_t *process, uint32_t *user, uint32_t *group) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -errno;
    *process = peer.pid;
    *user = peer.uid;
    *group = peer.gid;
    return 0;
}

int cmc_net_peer_has_group(int fd, uint32_t group) {
    // Linux has at most 65536 groups a process (NGROUPS_MAX, getgroups(2)); few have more than some.
    socklen_t length = 64 * sizeof(gid_t);
    gid_t *groups = malloc(length);
    for (;;) {
        if (!groups) return -ENOMEM;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) == 0) break;
        int error = errno;
        free(groups);
        // The length is now what they need.
        if (error != ERANGE) return -error;
        groups = malloc(length);
    }
    int found = 0;
    for (size_t i = 0; i < length / sizeof *groups; i++) found |= groups[i] == group;
    free(groups);
    return found;
}

// Calls one of the database functions with more and more room for its strings.
#define ASK(function, id, entry, found, room)                                                     \
    for (size_t size = 1024; size <= 1 << 24; size *= 4) {                                        \
        free(room);                                                                               \
        room = malloc(size);                                                                      \
        found = NULL;                                                                             \
        if (!room || function(id, &entry, room, size, &found) != ERANGE) break;                   \
    }

int cmc_net_is_member(uint32_t user, uint32_t group) {
    struct passwd user_entry, *user_found = NULL;
    struct group group_entry, *group_found = NULL;
    char *user_room = NULL, *group_room = NULL;
    int found = 0;
    ASK(getpwuid_r, user, user_entry, user_found, user_room)
    if (user_found) {
        ASK(getgrgid_r, group, group_entry, group_found, group_room)
        for (char **name = group_found ? group_found->gr_mem : NULL; name && *name; name++)
            found |= strcmp(*name, user_found->pw_name) == 0;
    }
    free(user_room);
    free(group_room);
    return found;
}

// MARK: - Names

// The opaque type is the C library's list.
static struct addrinfo *list(const cmc_net_addresses *found) { return (struct addrinfo *)found; }

static bool usable(const struct addrinfo *i) {
    return i->ai_family == AF_INET || i->ai_family == AF_INET6;
}

int cmc_net_lookup(const char *host, uint16_t port, cmc_net_addresses **found, int *system_errno) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    int code = getaddrinfo(host, service, &hints, (struct addrinfo **)found);
    *system_errno = code == EAI_SYSTEM ? errno : 0;
    return code;
}

int cmc_net_addresses_count(const cmc_net_addresses *found) {
    int count = 0;
    for (struct addrinfo *i = list(found); i; i = i->ai_next) count += usable(i);
    return count;
}

int cmc_net_addresses_get(const cmc_net_addresses *found, int index, void *address) {
    for (struct addrinfo *i = list(found); i; i = i->ai_next) {
        if (!usable(i) || index-- > 0) continue;
        memcpy(address, i->ai_addr, i->ai_addrlen);
        return (int)i->ai_addrlen;
    }
    return -ENOENT;
}

void cmc_net_addresses_free(cmc_net_addresses *found) { freeaddrinfo(list(found)); }

const char *cmc_net_lookup_error(int code) { return gai_strerror(code); }

// MARK: - Files of unix sockets

int cmc_net_file(const char *path, uint64_t *device, uint64_t *inode) {
    struct stat status;
    if (lstat(path, &status) < 0) return -errno;
    *device = status.st_dev;
    *inode = status.st_ino;
    return S_ISSOCK(status.st_mode) ? CMC_NET_FILE_SOCKET : CMC_NET_FILE_OTHER;
}

int cmc_net_unlink(const char *path) { return result(unlink(path)); }

int cmc_net_make_directory(char *path) { return mkdtemp(path) ? 0 : -errno; }

int cmc_net_remove_directory(const char *path) { return result(rmdir(path)); }

int cmc_net_working_directory(char *path, size_t capacity) {
    return getcwd(path, capacity) ? (int)strlen(path) : -errno;
}
