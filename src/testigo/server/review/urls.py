"""The paths of the reviews' program."""

from testigo.server.review.api import api
from testigo.server.web.api import urls_of

urlpatterns = urls_of(api)
handler400 = "testigo.server.web.middleware.bad_request"
handler404 = "testigo.server.web.middleware.not_found"
handler500 = "testigo.server.web.middleware.server_error"
