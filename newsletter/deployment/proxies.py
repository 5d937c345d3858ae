"""Reverse proxies before a site, which end TLS: Caddy and nginx.

Both set X-Forwarded-For and X-Forwarded-Proto, for which the proxy's address must be in `web.trusted_proxies`.
"""

from newsletter.deployment.installation import Installation

BODY = "1000m"
"""As large as the largest file that the program accepts, which has its own limits for each page."""

_CADDY = """\
# /etc/caddy/Caddyfile: Caddy gets and renews the certificate itself.
{host} {{
    encode
    # Caddy passes a body on while it arrives; the slowest give way. Caddy 2.7 and newer can wait for the first 64 KiB:
    # reverse_proxy 127.0.0.1:{port} {{
    #     request_buffers 64KiB
    # }}
    reverse_proxy 127.0.0.1:{port}
}}
"""
_NGINX = """\
# /etc/nginx/conf.d/newsletter.conf: get a certificate first, for instance with certbot.
server {{
    listen 80;
    listen [::]:80;
    server_name {host};
    return 301 https://$host$request_uri;
}}
server {{
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name {host};
    ssl_certificate /etc/letsencrypt/live/{host}/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;
    client_max_body_size {body};

    location / {{
        proxy_pass http://127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_request_buffering on;  # a request is passed on once its body is whole, however slowly it arrives
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_read_timeout 120s;
    }}
}}
"""


def caddy_site(site: Installation) -> str:
    """Return the site's block of a Caddyfile."""
    return _CADDY.format(host=site.host, port=site.port)


def nginx_site(site: Installation) -> str:
    """Return the two servers of an nginx configuration: one that redirects to https, and the one for https."""
    return _NGINX.format(host=site.host, port=site.port, body=BODY)
