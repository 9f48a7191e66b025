"""The GraphQL API as a client sees it."""

from django.urls import reverse
from utilities.testing import APITestCase

__all__ = ('GraphQLTestCase',)


class GraphQLTestCase(APITestCase):
    def ask(self, query: str) -> dict:
        response = self.client.post(reverse('graphql'), {'query': query}, format='json', **self.header)
        self.assertHttpStatus(response, 200)
        answer = response.json()
        self.assertNotIn('errors', answer)
        return answer['data']
