// Plain TCP with a length prefix: what a stream of acknowledged messages costs when nothing but that is done.
//
//   tcp-peer server --port P
//   tcp-peer stream --endpoint HOST:PORT [--payload N] [--in-flight N]
//
// Each message has four bytes of length and its payload; each acknowledgement four and eight. Whatever one
// read of the socket brought is answered with one write. The load generator prints one JSON object; see
// Benchmarks/README.md for its keys.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kPrefix = 4;
constexpr char kAcknowledgement[] = {0, 0, 0, 8, 'a', 'c', 'k', 'n', 'o', 'w', 'l', '.'};

int check(int result, const char* what) {
  if (result < 0) {
    std::perror(what);
    std::exit(1);
  }
  return result;
}

void send_all(int fd, const std::vector<char>& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += size_t(count);
  }
}

// Reads once, and calls `message` for each message that is whole. False at the end of the connection.
class Reader {
 public:
  explicit Reader(int fd) : fd_(fd), bytes_(4 << 20) {}

  template <typename Message>
  bool read(Message message) {
    const ssize_t count = ::recv(fd_, bytes_.data() + end_, bytes_.size() - end_, 0);
    if (count <= 0) return false;
    end_ += size_t(count);
    size_t begin = 0;
    while (end_ - begin >= kPrefix) {
      uint32_t length = 0;
      std::memcpy(&length, bytes_.data() + begin, kPrefix);
      length = ntohl(length);
      if (length > bytes_.size() / 2) return false;
      if (end_ - begin < kPrefix + length) break;
      message();
      begin += kPrefix + length;
    }
    std::memmove(bytes_.data(), bytes_.data() + begin, end_ - begin);
    end_ -= begin;
    return true;
  }

 private:
  int fd_;
  std::vector<char> bytes_;
  size_t end_ = 0;
};

void without_delay(int fd) {
  int one = 1;
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "setsockopt");
}

void serve(int port) {
  const int listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  int one = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "setsockopt");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(uint16_t(port));
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  check(listen(listener, 16), "listen");
  std::printf("ready port=%d\n", port);
  std::fflush(stdout);
  while (true) {
    const int fd = check(accept(listener, nullptr, nullptr), "accept");
    std::thread([fd] {
      without_delay(fd);
      Reader reader(fd);
      std::vector<char> answer;
      while (reader.read([&] {
        answer.insert(answer.end(), std::begin(kAcknowledgement), std::end(kAcknowledgement));
      })) {
        send_all(fd, answer);
        answer.clear();
      }
      close(fd);
    }).detach();
  }
}

double quantile(const std::vector<int64_t>& sorted, double q) {
  if (sorted.empty()) return 0;
  return double(sorted[std::min(size_t(q * double(sorted.size())), sorted.size() - 1)]) / 1e3;
}

void stream(const std::string& endpoint, size_t payload, size_t in_flight, double warm_up,
            double seconds) {
  const auto colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(uint16_t(std::stoi(endpoint.substr(colon + 1))));
  if (inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1) std::exit(2);
  const int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), "connect");
  without_delay(fd);

  std::vector<char> message(kPrefix + payload, 'v');
  const uint32_t length = htonl(uint32_t(payload));
  std::memcpy(message.data(), &length, kPrefix);
  std::vector<char> output;
  std::vector<Clock::time_point> sent_at(in_flight);
  std::vector<int64_t> latencies;
  latencies.reserve(1 << 23);
  Reader reader(fd);
  size_t sent = 0, acknowledged = 0;
  const auto duration = [](double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  };
  const auto begin = Clock::now() + duration(warm_up);
  const auto end = begin + duration(seconds);
  while (true) {
    const auto now = Clock::now();
    if (now >= end) break;
    output.clear();
    for (; sent - acknowledged < in_flight; sent++) {
      sent_at[sent % in_flight] = now;
      output.insert(output.end(), message.begin(), message.end());
    }
    send_all(fd, output);
    Clock::time_point came{};
    const bool is_open = reader.read([&] {
      if (came == Clock::time_point{}) came = Clock::now();
      if (came >= begin && came < end)
        latencies.push_back((came - sent_at[acknowledged % in_flight]).count());
      acknowledged++;
    });
    if (!is_open) std::exit(1);
  }
  close(fd);
  std::sort(latencies.begin(), latencies.end());
  const double rate = double(latencies.size()) / seconds;
  std::printf(
      "{\"operation\": \"stream\", \"in_flight\": %zu, \"connections\": 1, \"payload_bytes\": %zu, "
      "\"seconds\": %g, \"completed\": %zu, \"errors\": 0, \"messages_per_s\": %.1f, "
      "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f}\n",
      in_flight, payload, seconds, latencies.size(), rate, quantile(latencies, 0.5),
      quantile(latencies, 0.99), quantile(latencies, 0.999));
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 2; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  const auto option = [&](const char* name, const char* otherwise) {
    const auto found = options.find(name);
    return found == options.end() ? std::string(otherwise) : found->second;
  };
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "server") {
    serve(std::stoi(option("--port", "5902")));
  } else if (command == "stream") {
    stream(option("--endpoint", "127.0.0.1:5902"), std::stoul(option("--payload", "1024")),
           std::stoul(option("--in-flight", "1")), std::stod(option("--warm-up", "1")),
           std::stod(option("--seconds", "10")));
  } else {
    std::fprintf(stderr, "usage: tcp-peer server|stream [--option value]...\n");
    return 2;
  }
  return 0;
}
