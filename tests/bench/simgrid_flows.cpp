// The benchmark's flows on SimGrid's C++ core: one actor that starts communications at their times. Prints wall seconds.
// Input: links, their capacities; routes, each a count and its links; flows, each start, size, route.
// Built by bench_network.py:  g++ -O2 -std=c++17 -I$SIMGRID_INCLUDE ... -lsimgrid
#include <chrono>
#include <fstream>
#include <iostream>
#include <simgrid/s4u.hpp>
#include <string>
#include <vector>
namespace sg = simgrid::s4u;

struct Flow {
  double start;
  double size;
  int route;
};

int main(int argc, char** argv)
{
  sg::Engine engine(&argc, argv);
  sg::Engine::set_config("network/model:CM02");
  sg::Engine::set_config("network/crosstraffic:0");
  sg::Engine::set_config("network/TCP-gamma:0");
  auto* zone = engine.get_netzone_root()->add_netzone_full("all");
  std::ifstream in(argv[1]);
  int count;
  in >> count;
  std::vector<sg::Link*> links;
  for (int i = 0; i < count; i++) {
    double capacity;
    in >> capacity;
    auto* link = zone->add_link("link" + std::to_string(i), capacity);
    link->set_latency(0.0);
    link->seal();
    links.push_back(link);
  }
  in >> count;
  std::vector<std::pair<sg::Host*, sg::Host*>> ends;
  for (int i = 0; i < count; i++) {
    int hops, link;
    in >> hops;
    std::vector<sg::LinkInRoute> crossed;
    for (int hop = 0; hop < hops; hop++) {
      in >> link;
      crossed.emplace_back(links[link]);
    }
    auto* source = zone->add_host("s" + std::to_string(i), 1e9);
    auto* target = zone->add_host("t" + std::to_string(i), 1e9);
    source->seal();
    target->seal();
    zone->add_route(source, target, crossed, false);
    ends.emplace_back(source, target);
  }
  zone->seal();
  in >> count;
  std::vector<Flow> flows(count);
  for (auto& flow : flows)
    in >> flow.start >> flow.size >> flow.route;
  std::vector<sg::CommPtr> comms;
  comms.reserve(flows.size());
  ends[0].first->add_actor("all", [&] {
    for (const auto& flow : flows) {
      if (flow.start > sg::Engine::get_clock())
        sg::this_actor::sleep_until(flow.start);
      auto comm = sg::Comm::sendto_init(ends[flow.route].first, ends[flow.route].second);
      comm->set_payload_size(flow.size);
      comm->start();
      comms.push_back(comm);
    }
    for (auto& comm : comms)
      comm->wait();
  });
  auto begun = std::chrono::steady_clock::now();
  engine.run();
  std::cout << std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() << "\n";
}
