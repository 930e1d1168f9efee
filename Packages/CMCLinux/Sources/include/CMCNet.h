// Sockets, addresses and names: what the byte-stream transports need of the C library.
//
// Every function returns a result of 0 or more, or a negative errno; addresses travel as the raw
// bytes of the kernel's sockaddr, so that no union has to be seen from Swift.
#ifndef CMC_NET_H
#define CMC_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Room for any sockaddr (sizeof(struct sockaddr_storage)).
#define CMC_NET_ADDRESS_BYTES 128
/// Room for any address as text, "[address%zone]:port" included.
#define CMC_NET_TEXT_BYTES 1100

#define CMC_NET_IPV4 2
#define CMC_NET_IPV6 10
#define CMC_NET_UNIX 1

// MARK: - Sockets

/// A stream socket of a family, non-blocking and close-on-exec.
int cmc_net_socket(int family);
int cmc_net_bind(int fd, const void *address, uint32_t length);
int cmc_net_listen(int fd, int backlog);
/// 0 when connected at once, -EINPROGRESS when it has begun.
int cmc_net_connect(int fd, const void *address, uint32_t length);
/// How a connect ended (SO_ERROR): 0, or -errno.
int cmc_net_connect_result(int fd);
/// Whether both ends of a connection are the same socket: a connect to a port of the range that
/// the kernel chooses from can, when nobody listens there, meet itself (TCP's simultaneous open).
/// 1, 0 or -errno.
int cmc_net_is_connected_to_itself(int fd);

/// Whether a socket of streams listens already: 1 or 0; -ESOCKTNOSUPPORT when it is of another type.
int cmc_net_is_listening(int fd);
/// Makes a descriptor that came from elsewhere non-blocking and close-on-exec.
int cmc_net_make_ours(int fd);

/// Tells open files apart: not those that are open twice, and not for longer than they are open.
int cmc_net_identity(int fd, uint64_t *identity);

#define CMC_NET_SEND_BUFFER 1
#define CMC_NET_RECEIVE_BUFFER 2
#define CMC_NET_REUSE_ADDRESS 3
#define CMC_NET_NO_DELAY 4
/// Only for IPv6: 1 refuses IPv4 connections, 0 takes them as mapped addresses.
#define CMC_NET_IPV6_ONLY 5
#define CMC_NET_KEEP_ALIVE 6
#define CMC_NET_KEEP_ALIVE_COUNT 7
/// Seconds.
#define CMC_NET_KEEP_ALIVE_IDLE 8
/// Seconds.
#define CMC_NET_KEEP_ALIVE_INTERVAL 9
/// Milliseconds.
#define CMC_NET_USER_TIMEOUT 10
/// Bytes that the kernel takes and has not sent.
#define CMC_NET_UNSENT 20
/// Only for IPv4.
#define CMC_NET_TYPE_OF_SERVICE 11
/// Only for IPv6.
#define CMC_NET_TRAFFIC_CLASS 12
/// Above 6 needs CAP_NET_ADMIN.
#define CMC_NET_PRIORITY 13

/// How many routers a multicast datagram passes; of the socket's own family.
#define CMC_NET_MULTICAST_HOPS 21
#define CMC_NET_MULTICAST_HOPS_IPV6 22
/// Whether this host's own members of the group get multicast datagrams, too.
#define CMC_NET_MULTICAST_LOOP 23
#define CMC_NET_MULTICAST_LOOP_IPV6 24
#define CMC_NET_REUSE_PORT 25

int cmc_net_set_option(int fd, int option, int value);
/// The option's value, or -errno.
int cmc_net_option(int fd, int option);
/// SO_BINDTODEVICE; needs CAP_NET_RAW before Linux 5.7.
int cmc_net_bind_to_device(int fd, const char *name, uint32_t length);

// MARK: - Datagrams

struct iovec;

/// A datagram socket of a family, non-blocking and close-on-exec.
int cmc_net_datagram_socket(int family);
/// The bytes sent, or -errno.
int64_t cmc_net_send_to(int fd, const struct iovec *vectors, int count, const void *address,
                        uint32_t length);
/// The datagram's length, which may be more than `capacity`, or -errno. `address` has room for
/// CMC_NET_ADDRESS_BYTES, *length is the sender's.
int64_t cmc_net_receive_from(int fd, void *bytes, size_t capacity, void *address, uint32_t *length);
/// Whether an address is one of a multicast group.
bool cmc_net_is_multicast(const void *address, uint32_t length);
/// Joins a multicast group on an interface (its name, an IPv4 number, or empty for the system's choice).
int cmc_net_join_group(int fd, const void *group, uint32_t length, const char *interface);
/// Sends multicast datagrams through an interface.
int cmc_net_multicast_through(int fd, int family, const char *interface);

// MARK: - Addresses (`address` has room for CMC_NET_ADDRESS_BYTES; the result is the length)

int cmc_net_local_address(int fd, void *address);
int cmc_net_peer_address(int fd, void *address);
/// The family of an address, or -EINVAL when it is too short to have one.
int cmc_net_family(const void *address, uint32_t length);
/// The 4 or 16 bytes of an IP address, in network order; the result is their number.
int cmc_net_address_number(const void *address, uint32_t length, uint8_t *number);
/// An IPv4 or IPv6 number (with %zone). -EINVAL when `host` is not a number.
int cmc_net_numeric_address(const char *host, uint16_t port, void *address);
/// The first address of a family that a network interface has. -ENODEV when there is none.
int cmc_net_interface_address(const char *name, int family, uint16_t port, void *address);
/// A path, or an abstract name written "@name". -ENAMETOOLONG above 107 bytes.
int cmc_net_unix_address(const char *name, uint32_t name_length, void *address);
/// "127.0.0.1:80" or "[::1]:80", terminated. The length of the text.
int cmc_net_address_text(const void *address, uint32_t length, char *text, uint32_t capacity);

// MARK: - Who is at the other end of a unix socket (unix(7))

/// The process, the user and the group that connected.
int cmc_net_peer_credentials(int fd, int32_t *process, uint32_t *user, uint32_t *group);
/// Whether the process that connected is in a group besides its own: 1, 0, or -errno (-ENOPROTOOPT
/// before Linux 4.13).
int cmc_net_peer_has_group(int fd, uint32_t group);
/// Whether a user is a member of a group, by the system's databases, which may take seconds to ask.
/// 1 or 0.
int cmc_net_is_member(uint32_t user, uint32_t group);

// MARK: - Names

typedef struct cmc_net_addresses cmc_net_addresses;

/// Asks the name service, and may take seconds. On 0 *found is to be released with
/// cmc_net_addresses_free; otherwise the result is an EAI code, for cmc_net_lookup_error, and
/// *system_errno the system's error (0 where there was none).
int cmc_net_lookup(const char *host, uint16_t port, cmc_net_addresses **found, int *system_errno);
int cmc_net_addresses_count(const cmc_net_addresses *found);
int cmc_net_addresses_get(const cmc_net_addresses *found, int index, void *address);
void cmc_net_addresses_free(cmc_net_addresses *found);
const char *cmc_net_lookup_error(int code);

// MARK: - Files of unix sockets

#define CMC_NET_FILE_SOCKET 1
#define CMC_NET_FILE_OTHER 2

/// What stands at a path (links not followed), and which file it is. -ENOENT when nothing does.
int cmc_net_file(const char *path, uint64_t *device, uint64_t *inode);
int cmc_net_unlink(const char *path);
/// Replaces the X's at the end of `path` and makes that directory, for this user only.
int cmc_net_make_directory(char *path);
int cmc_net_remove_directory(const char *path);
/// The working directory, terminated; the length of the text, or -errno (-ERANGE: it is longer).
int cmc_net_working_directory(char *path, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
