from django.test import SimpleTestCase, TestCase

from features.catalogue.loading import load_catalogue
from features.metrics.registry import Counter, Histogram


class RegistryTests(SimpleTestCase):
    def test_counters_escape_their_labels(self) -> None:
        counter = Counter("c", "help", "label")
        counter.add('a "b"\\\n')
        self.assertIn(r'c{label="a \"b\"\\\n"} 1', list(counter.lines()))

    def test_buckets_add_up(self) -> None:
        histogram = Histogram("h", "help", "endpoint")
        for seconds in (0.001, 0.02, 99.0):
            histogram.observe("home", seconds)
        lines = list(histogram.lines())
        self.assertIn('h_bucket{endpoint="home",le="0.005"} 1', lines)
        self.assertIn('h_bucket{endpoint="home",le="0.025"} 2', lines)
        self.assertIn('h_bucket{endpoint="home",le="+Inf"} 3', lines)
        self.assertIn('h_count{endpoint="home"} 3', lines)


class MetricsTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        load_catalogue()

    def value(self, name: str) -> float:
        lines = self.client.get("/metrics").content.decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + " ")), 0)

    def test_requests_are_counted_by_route(self) -> None:
        name = 'http_requests_total{endpoint="product",method="GET",status="200"}'
        before = self.value(name)
        self.client.get("/p/stoneware-mug/")
        self.client.get("/health")
        self.assertEqual(self.value(name), before + 1)
        self.assertNotIn(b'endpoint="health"', self.client.get("/metrics").content)
