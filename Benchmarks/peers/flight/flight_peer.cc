// C++ Arrow Flight as a peer: an acknowledging server and a load generator, in separate processes.
//
//   flight-peer server --port P [--tls-cert FILE --tls-key FILE]
//   flight-peer stream --endpoint HOST:PORT [--payload N] [--in-flight N] [--body metadata|batch]
//   flight-peer unary  --endpoint HOST:PORT [--payload N] [--in-flight N] [--connections N]
//   flight-peer put    --endpoint HOST:PORT [--payload N] [--in-flight N]
//   flight-peer get    --endpoint HOST:PORT [--payload N]
//
// The load generators speak TLS with --tls-root FILE, the certificate that they trust.
//
// `stream` sends messages on one do_exchange and counts the server's acknowledgements, one for each
// message; `put` does the same with record batches of numbers on one do_put; `get` reads such
// batches from a do_get without end; `unary` calls an action. The load generators print one JSON object; see
// Benchmarks/README.md for its keys.

#include <arrow/api.h>
#include <arrow/buffer.h>
#include <arrow/flight/api.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace flight = arrow::flight;
using Clock = std::chrono::steady_clock;

namespace {

void check(const arrow::Status& status) {
  if (!status.ok()) {
    std::cerr << "flight-peer: " << status.ToString() << std::endl;
    std::exit(1);
  }
}

template <typename T>
T check(arrow::Result<T> result) {
  check(result.status());
  return std::move(result).ValueUnsafe();
}

// An integer and a number a row.
std::shared_ptr<arrow::RecordBatch> numbers_batch(int payload) {
  const int rows = std::max(payload / 16, 1);
  arrow::Int64Builder ids;
  arrow::DoubleBuilder values;
  for (int row = 0; row < rows; row++) {
    check(ids.Append(row));
    check(values.Append(row / 8.0));
  }
  auto schema = arrow::schema(
      {arrow::field("id", arrow::int64(), false), arrow::field("value", arrow::float64())});
  return arrow::RecordBatch::Make(schema, rows, {check(ids.Finish()), check(values.Finish())});
}

class AcknowledgingServer : public flight::FlightServerBase {
 public:
  arrow::Status DoExchange(const flight::ServerCallContext&,
                           std::unique_ptr<flight::FlightMessageReader> reader,
                           std::unique_ptr<flight::FlightMessageWriter> writer) override {
    const auto acknowledgement = arrow::Buffer::FromString("acknowl.");
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto chunk, reader->Next());
      if (!chunk.data && !chunk.app_metadata) return arrow::Status::OK();
      ARROW_RETURN_NOT_OK(writer->WriteMetadata(acknowledgement));
    }
  }

  arrow::Status DoPut(const flight::ServerCallContext&,
                      std::unique_ptr<flight::FlightMessageReader> reader,
                      std::unique_ptr<flight::FlightMetadataWriter> writer) override {
    const auto acknowledgement = arrow::Buffer::FromString("acknowl.");
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto chunk, reader->Next());
      if (!chunk.data && !chunk.app_metadata) return arrow::Status::OK();
      ARROW_RETURN_NOT_OK(writer->WriteMetadata(*acknowledgement));
    }
  }

  arrow::Status DoGet(const flight::ServerCallContext& context, const flight::Ticket& ticket,
                      std::unique_ptr<flight::FlightDataStream>* stream) override {
    auto batch = numbers_batch(std::stoi(ticket.ticket));
    auto batches = arrow::MakeFunctionIterator(
        [batch, &context]() -> arrow::Result<std::shared_ptr<arrow::RecordBatch>> {
          return context.is_cancelled() ? nullptr : batch;
        });
    auto reader = check(
        arrow::RecordBatchReader::MakeFromIterator(std::move(batches), batch->schema()));
    *stream = std::make_unique<flight::RecordBatchStream>(reader);
    return arrow::Status::OK();
  }

  arrow::Status DoAction(const flight::ServerCallContext&, const flight::Action&,
                         std::unique_ptr<flight::ResultStream>* result) override {
    std::vector<flight::Result> results(1);
    results[0].body = arrow::Buffer::FromString("acknowl.");
    *result = std::make_unique<flight::SimpleResultStream>(std::move(results));
    return arrow::Status::OK();
  }
};

struct Settings {
  std::string command;
  std::string endpoint = "127.0.0.1:5901";
  int port = 5901;
  int payload = 1024;
  int in_flight = 1;
  int connections = 1;
  double seconds = 10;
  double warm_up = 1;
  bool batches = false;
  std::string tls_cert, tls_key, tls_root;

  Clock::duration warm() const { return duration(warm_up); }
  Clock::duration measured() const { return duration(seconds); }

 private:
  static Clock::duration duration(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }
};

std::string contents(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::cerr << "flight-peer: can't read " << path << std::endl;
    std::exit(2);
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Settings parse(int argc, char** argv) {
  Settings settings;
  if (argc < 2 || argc % 2 != 0) {
    std::cerr << "usage: flight-peer server|stream|unary|put|get [--option value]..." << std::endl;
    std::exit(2);
  }
  settings.command = argv[1];
  std::map<std::string, std::string> options;
  for (int i = 2; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  for (const auto& [name, value] : options) {
    if (name == "--endpoint") settings.endpoint = value;
    else if (name == "--port") settings.port = std::stoi(value);
    else if (name == "--payload") settings.payload = std::stoi(value);
    else if (name == "--in-flight") settings.in_flight = std::stoi(value);
    else if (name == "--connections") settings.connections = std::stoi(value);
    else if (name == "--seconds") settings.seconds = std::stod(value);
    else if (name == "--warm-up") settings.warm_up = std::stod(value);
    else if (name == "--body") settings.batches = value == "batch";
    else if (name == "--tls-cert") settings.tls_cert = contents(value);
    else if (name == "--tls-key") settings.tls_key = contents(value);
    else if (name == "--tls-root") settings.tls_root = contents(value);
    else {
      std::cerr << "flight-peer: unknown option " << name << std::endl;
      std::exit(2);
    }
  }
  return settings;
}

void serve(const Settings& settings) {
  AcknowledgingServer server;
  const bool tls = !settings.tls_cert.empty();
  auto location = check(tls ? flight::Location::ForGrpcTls("127.0.0.1", settings.port)
                            : flight::Location::ForGrpcTcp("127.0.0.1", settings.port));
  flight::FlightServerOptions options(location);
  if (tls) options.tls_certificates.push_back({settings.tls_cert, settings.tls_key});
  check(server.Init(options));
  check(server.SetShutdownOnSignals({SIGTERM, SIGINT}));
  std::cout << "ready port=" << server.port() << std::endl;
  check(server.Serve());
}

// A generic client options' "disable Nagle" and the like are gRPC's defaults; separate connections
// need separate subchannel pools, or gRPC shares one socket for one address.
std::unique_ptr<flight::FlightClient> connect(const Settings& settings) {
  const auto colon = settings.endpoint.rfind(':');
  const auto host = settings.endpoint.substr(0, colon);
  const int port = std::stoi(settings.endpoint.substr(colon + 1));
  auto location = check(settings.tls_root.empty() ? flight::Location::ForGrpcTcp(host, port)
                                                  : flight::Location::ForGrpcTls(host, port));
  auto options = flight::FlightClientOptions::Defaults();
  options.tls_root_certs = settings.tls_root;
  options.generic_options.emplace_back("grpc.use_local_subchannel_pool", 1);
  return check(flight::FlightClient::Connect(location, options));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

double quantile(const std::vector<int64_t>& sorted, double q) {
  if (sorted.empty()) return 0;
  const auto position = std::min(size_t(q * double(sorted.size())), sorted.size() - 1);
  return double(sorted[position]) / 1e3;
}

void report(const Settings& settings, std::vector<int64_t> nanoseconds, const char* rate_name,
            double cpu) {
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const double rate = double(nanoseconds.size()) / settings.seconds;
  std::printf(
      "{\"operation\": \"%s\", \"in_flight\": %d, \"connections\": %d, \"payload_bytes\": %d, "
      "\"seconds\": %g, \"completed\": %zu, \"errors\": 0, \"%s\": %.1f, \"mb_per_s\": %.1f, "
      "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"cpu_seconds\": %.2f}\n",
      settings.command.c_str(), settings.in_flight, settings.connections, settings.payload,
      settings.seconds, nanoseconds.size(), rate_name, rate, rate * settings.payload / 1e6,
      quantile(nanoseconds, 0.5), quantile(nanoseconds, 0.99), quantile(nanoseconds, 0.999), cpu);
}

std::shared_ptr<arrow::RecordBatch> one_row_batch(int payload) {
  arrow::BinaryBuilder builder;
  check(builder.Append(std::string(size_t(payload), 'v')));
  auto column = check(builder.Finish());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("payload", arrow::binary())}), 1,
                                  {column});
}

// Sends messages with a window of them outstanding, and reports their latencies.
//
// `write` sends one; `acknowledged` waits for the next acknowledgement and is false at the end; `done`
// says that no more is sent.
template <typename Write, typename Acknowledged, typename Done>
void run_window(const Settings& settings, Write write, Acknowledged acknowledged, Done done) {
  // Slot i % in_flight holds the send time of message i; the window keeps slots from being reused
  // before their acknowledgement was read.
  std::vector<std::atomic<int64_t>> sent_at(size_t(settings.in_flight));
  std::counting_semaphore<> window(settings.in_flight);
  std::vector<int64_t> latencies;
  latencies.reserve(1 << 22);
  const auto begin = Clock::now() + settings.warm();
  const auto end = begin + settings.measured();

  std::thread acknowledgements([&] {
    for (size_t i = 0; acknowledged(); i++) {
      const auto now = Clock::now();
      const int64_t latency =
          now.time_since_epoch().count() -
          sent_at[i % sent_at.size()].load(std::memory_order_relaxed);
      window.release();
      if (now >= begin && now < end) latencies.push_back(latency);
    }
  });
  const double cpu = cpu_seconds();
  for (size_t i = 0;; i++) {
    window.acquire();
    const auto now = Clock::now();
    if (now >= end) break;
    sent_at[i % sent_at.size()].store(now.time_since_epoch().count(), std::memory_order_relaxed);
    write();
  }
  done();
  acknowledgements.join();
  report(settings, std::move(latencies), "messages_per_s", cpu_seconds() - cpu);
}

void stream(const Settings& settings) {
  auto client = connect(settings);
  auto exchange = check(client->DoExchange(flight::FlightDescriptor::Path({"benchmark"})));
  const auto batch = one_row_batch(settings.payload);
  const std::shared_ptr<arrow::Buffer> metadata =
      arrow::Buffer::FromString(std::string(size_t(settings.payload), 'v'));
  if (settings.batches) check(exchange.writer->Begin(batch->schema()));
  run_window(
      settings,
      [&] {
        check(settings.batches ? exchange.writer->WriteRecordBatch(*batch)
                               : exchange.writer->WriteMetadata(metadata));
      },
      [&] {
        auto chunk = check(exchange.reader->Next());
        return chunk.data || chunk.app_metadata;
      },
      [&] { check(exchange.writer->DoneWriting()); });
  check(exchange.writer->Close());
}

void put(const Settings& settings) {
  auto client = connect(settings);
  const auto batch = numbers_batch(settings.payload);
  auto put = check(
      client->DoPut(flight::FlightDescriptor::Path({"benchmark"}), batch->schema()));
  run_window(
      settings, [&] { check(put.writer->WriteRecordBatch(*batch)); },
      [&] {
        std::shared_ptr<arrow::Buffer> acknowledgement;
        check(put.reader->ReadMetadata(&acknowledgement));
        return acknowledgement != nullptr;
      },
      [&] { check(put.writer->DoneWriting()); });
  check(put.writer->Close());
}

void get(const Settings& settings) {
  auto client = connect(settings);
  auto reader = check(client->DoGet(flight::Ticket{std::to_string(settings.payload)}));
  std::vector<int64_t> times;
  const auto begin = Clock::now() + settings.warm();
  const auto end = begin + settings.measured();
  const double cpu = cpu_seconds();
  auto last = Clock::now();
  while (last < end) {
    auto chunk = check(reader->Next());
    if (!chunk.data) check(arrow::Status::IOError("the server ended a stream without end"));
    const auto now = Clock::now();
    if (now >= begin && now < end) times.push_back((now - last).count());
    last = now;
  }
  reader->Cancel();
  report(settings, std::move(times), "messages_per_s", cpu_seconds() - cpu);
}

void unary(const Settings& settings) {
  std::vector<std::unique_ptr<flight::FlightClient>> clients;
  for (int i = 0; i < settings.connections; i++) clients.push_back(connect(settings));
  const auto body = arrow::Buffer::FromString(std::string(size_t(settings.payload), 'v'));
  std::vector<int64_t> latencies;
  std::mutex mutex;
  const auto begin = Clock::now() + settings.warm();
  const auto end = begin + settings.measured();
  const double cpu = cpu_seconds();
  std::vector<std::thread> workers;
  for (int w = 0; w < settings.in_flight; w++) {
    workers.emplace_back([&, w] {
      auto& client = *clients[size_t(w) % clients.size()];
      std::vector<int64_t> mine;
      while (true) {
        const auto started = Clock::now();
        if (started >= end) break;
        auto results = check(client.DoAction(flight::Action("benchmark", body)));
        while (check(results->Next())) {
        }
        if (started >= begin) mine.push_back((Clock::now() - started).count());
      }
      std::lock_guard lock(mutex);
      latencies.insert(latencies.end(), mine.begin(), mine.end());
    });
  }
  for (auto& worker : workers) worker.join();
  report(settings, std::move(latencies), "calls_per_s", cpu_seconds() - cpu);
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  if (settings.command == "server") serve(settings);
  else if (settings.command == "stream") stream(settings);
  else if (settings.command == "unary") unary(settings);
  else if (settings.command == "put") put(settings);
  else if (settings.command == "get") get(settings);
  else {
    std::cerr << "flight-peer: unknown command " << settings.command << std::endl;
    return 2;
  }
  return 0;
}
