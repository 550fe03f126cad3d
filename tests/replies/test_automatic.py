"""Automatic replies: what phones, mailboxes and offices write, and what people write that is like it.

`KNOWN` is what the phrases were made from, `UNSEEN` was written afterwards and is no source of phrases: the
figure that counts is that of `UNSEEN`.
"""

import pytest

from nudger.replies import Intent

KNOWN = """
I’m driving with Do Not Disturb While Driving turned on. I’ll see your message when I get where I’m going.
(I’m not receiving notifications. If this is urgent, reply “urgent” to send a notification through.)
I'm driving with Driving Focus turned on. I'll see your message when I get where I'm going.
Auto-Reply: I'm busy ... I will reply tomorrow
Auto reply: I'm driving right now - I'll get back to you later.
I'm driving right now and can't respond. Sent by Android Auto
I'm driving right now, I will text you when I stop
I'm driving right now. I will text you later.
[Automatic reply] I am out of office until Monday
AUTOREPLY - Gone fishing til Tues
[This is an automated message] The user has silenced notifications
Thank you for your message. I am currently away on vacation and will respond when I return on 3 December.
Thanks for contacting Acme Plumbing! We'll get back to you within 24 hours. Reply STOP to opt out.
Hi, I'm on annual leave until 5 Jan with limited access to email. If urgent call Ben.
I am on parental leave until March. For urgent matters contact Jo.
We have received your message and one of our team will be in touch shortly.
Your message was received outside our opening hours (Mon-Fri 9-5).
This number is not monitored. Please do not reply.
Hello, you've reached Dr Smith's surgery. This inbox isn't monitored. Please call 01234 567890
The number you are texting is no longer in service.
You have reached a number that cannot receive text messages
Free Msg: Unable to send message - Message Blocking is active.
Message could not be delivered: recipient's inbox full
I can't take your call at the moment. I'll call you later
Sorry, busy. Call you later. (sent by quick response)
I'm in a meeting, I'll text you back as soon as possible
I'm asleep, Do Not Disturb is on until 7:00 AM. I'll answer in the morning.
Estoy conduciendo con la función No molestar al conducir activada. Veré tu mensaje cuando llegue a mi destino.
Respuesta automática: estoy de vacaciones hasta el lunes
Gracias por su mensaje. En este momento no estoy disponible, le responderé lo antes posible.
Estoy manejando, te contesto cuando llegue
Estoy en una reunión. Te llamo luego.
Hola, ahora mismo no puedo atenderte, te llamo en cuanto pueda.
Mensaje automático de ausencia: vuelvo el 7 de enero.
Hemos recibido su mensaje. Nuestro equipo se pondrá en contacto con usted.
Nuestro horario es de lunes a viernes de 9 a 18h. Le contestaremos en el siguiente día hábil
Este número no recibe mensajes.
Je conduis et j’ai activé la fonction Ne pas déranger en voiture. Je verrai votre message quand j’arriverai.
Réponse automatique : je suis absent du bureau jusqu'au 4 janvier
Message d'absence : de retour lundi
Merci pour votre message. Je suis actuellement indisponible, je vous répondrai dès que possible.
Bonjour, je suis en congés jusqu'au 12. En cas d'urgence contactez Paul.
Je suis en réunion, je te rappelle plus tard
Nous avons bien reçu votre message
Nos bureaux sont fermés. Nous vous répondrons à la réouverture.
""".strip().splitlines()

# Once unseen themselves; 8 of these were recognised then.
SEEN_SINCE = """
Hey, it's Dan's phone. He is driving and his phone will let him know you wrote once he is parked.
I'm currently on the road. This message was sent automatically by my car.
Ford SYNC: driver is busy, reply follows later
Currently flying, landing around 18:40. Will write back then.
Sorry I missed you! I am away from the office this week and will answer all messages on Monday.
Out sick today, back tomorrow I hope. Texts will be answered then.
You've texted the Riverside Clinic. We do not reply to texts. For appointments ring 020 7946 0000.
This is an automatic response because the phone is in bedtime mode.
Hi there, I'm on my honeymoon, no phone until the 14th! Someone else can help you at reception@example.org
Your text could not be forwarded: subscriber absent
Error: destination number is a landline and can't receive SMS.
Thanks for your SMS, our customer service is open 8 till 5, an agent will reply soon
I have changed my number, this one is checked rarely. New one on request
Do not disturb mode: I will see messages after 6 pm
Voicemail: the person at this number is not available at the moment
Ahora no puedo hablar, estoy trabajando. Te respondo esta tarde.
Este es un mensaje generado automáticamente, no respondas a este número
Le informamos que este buzón no está atendido
He cambiado de número, ya no leo mensajes aquí
Gracias por escribir a la Clínica Sol, en breve le atenderá un agente
Modo concentración activado: leeré los mensajes al terminar
Je suis en vol, téléphone éteint jusqu'à 20 h, réponse ensuite
Bonjour, vous êtes bien sur le portable de Luc. Je suis en congé, je vous lirai à mon retour.
Ceci est une réponse envoyée par mon téléphone : je conduis.
Le secrétariat est fermé, merci de rappeler demain à partir de 9 h
Votre SMS n'a pas pu être remis au destinataire
Ce numéro n'est plus attribué
""".strip().splitlines()

UNSEEN = """
Sam is riding a motorbike and cannot see this. Ask again at dinner time.
Thanks, your note reached the garage. We open tomorrow at 8.
Automated: this line belongs to a delivery robot
I am in theatre (surgery) all day. I'll ring round this evening.
Hi, this is a work phone that stays in the drawer over the weekend. Back Monday.
Apple Watch: workout in progress, reply will follow
Text received. Your ticket number is 48213.
Camping without signal till Sunday, talk then!
Not able to respond as I'm teaching. Will answer at break.
Your message to +44 7700 900999 expired before it could be delivered
Hello, I've retired! Please write to the office instead.
You are number 4 in the queue. Please hold.
En este momento conduzco. Mi coche responde por mí.
Estoy de baja hasta febrero, escribe a la oficina por favor
Texto recibido. Su número de caso es 4821.
Sin cobertura hasta el domingo, hablamos luego
Le habla el asistente virtual de Ana. Ana no puede atender ahora.
Message reçu, numéro de dossier 4821. Un conseiller vous écrira.
En randonnée sans réseau jusqu'à dimanche, à bientôt
Ici l'assistant vocal de Léo. Léo est occupé.
""".strip().splitlines()

PEOPLES = """
I'm driving, will do it later
driving rn
at work, later
I'm busy, later
on holiday until monday
thanks for the reminder, I will call her tomorrow
can't talk right now, later
I'll get back to you
I cannot reply to people any more
I'm away next week
thank you for your message, it made me cry
if it is urgent I'd call someone
I can't answer anyone at the moment, I'm so low
I'm in a meeting until 3, remind me then
driving, remind me when I get home
I will be back on monday, pause until then
busy with the kids, do it tonight
I am not available for this life any more
I'm at the office until 6
just got back, I'll do it when I get there
thanks for texting, not today
I'll call my sister as soon as I can
automatic pilot all day, did nothing
I text my mum automatically every morning, does that count
the meeting was called off so I had a rest
my phone was off all day, sorry
nobody answers when I call
estoy de vacaciones hasta el lunes
gracias por tu mensaje
estoy conduciendo, recuérdamelo luego
no puedo hablar ahora, luego
no puedo contestar a nadie, estoy fatal
je suis en réunion, plus tard
en vacances jusqu'à lundi
merci pour ton message
je conduis, rappelle-moi dans 2h
je ne peux pas répondre au téléphone, ça m'angoisse
""".strip().splitlines()

LANGUAGES = ("en", "es", "fr")


def is_automatic(text, here, language="en"):
    found = here.__class__(here.words, language=language).read(text)
    return (found.intent, found.automatic) == (Intent.UNKNOWN, True)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [*KNOWN, *SEEN_SINCE])
def test_an_automatic_reply_is_nobodys_in_whichever_language_the_plan_is(text, language, here):
    assert is_automatic(text, here, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", PEOPLES)
def test_what_people_write_is_read(text, language, here):
    assert not here.__class__(here.words, language=language).read(text).automatic


def test_automatic_replies_that_nobody_has_read_before(here, figures):
    found = [text for text in UNSEEN if is_automatic(text, here)]

    figures.append(f"automatic replies, unseen: {len(found)} of {len(UNSEEN)} recognised")
    assert found


def test_no_text_of_the_corpora_is_an_automatic_reply(corpus, held_out, here):
    texts = [case.text for language in LANGUAGES for read in (corpus, held_out) for case in read(language)]

    assert [text for text in texts if here.read(text).automatic and not text.startswith("Laughed")] == []


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Automatic reply: please stop texting this number", Intent.STOP),
        ("Auto-reply: STOP", Intent.STOP),
        ("Auto-reply: we are closed. Reply STOP to opt out", Intent.UNKNOWN),
        ("Automatic reply. To stop receiving these, text STOP", Intent.UNKNOWN),
        ("Respuesta automática. Responde STOP para darte de baja", Intent.UNKNOWN),
        ("Réponse automatique. Répondez STOP pour ne plus recevoir", Intent.UNKNOWN),
        ("Auto-reply: I want to die", Intent.CRISIS),
        ("Auto-reply: stop texting me, I want to die", Intent.STOP),
    ],
)
def test_an_opt_out_and_danger_count_in_an_automatic_reply_too(text, intent, here):
    found = here.read(text)

    assert (found.intent, found.crisis) == (intent, "die" in text)
