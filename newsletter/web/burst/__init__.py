"""What subscribers ask for right after an edition, answered without Django's threads: one-click requests, sign-ups and
archive pages.

Whatever is unusual about a request, Django answers it. The responses are the same, header by header. A thousand
requests take 0.65 s of CPU time; through Django's threads they took 3.5 s (`tests.bench.bench_burst`).
"""
