"""One process with eight threads: SQLite has one writer, and the counters of /metrics live in this process."""

import os

wsgi_app = "shop.wsgi:application"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = 1
threads = 8
worker_class = "gthread"
timeout = 30
graceful_timeout = 2
control_socket_disable = True
